import type { SeenSource } from "../report/explanation.ts";
import type { ClientTrace } from "./clients.ts";

const rewritten = "the address of the interface the packet leaves by (SNAT), often not this node's InternalIP";
const kept = "its own address";

/** What an endpoint sees as the source of each client's connections. */
export function sourcesOf(traces: readonly ClientTrace[]): SeenSource[] {
  return traces.map(({ client, trace }) => ({ client: client.label, seen: seenBy(trace.ends) }));
}

function seenBy(ends: ClientTrace["trace"]["ends"]): string {
  const arrived = ends.filter(({ dnat, fate }) => dnat !== null && (fate === "forwarded" || fate === "local"));
  if (arrived.length === 0) return "nothing: no connection of it gets to an endpoint";
  const snat = new Set(arrived.map((end) => end.snat));
  if (snat.size > 1) return "its own address or one of this node's, depending on what the capture does not show";
  return snat.has(true) ? rewritten : kept;
}
