import { bitsOf } from "../checks/clients.ts";
import { listed } from "../checks/words.ts";
import { splitAddress } from "../kubernetes/address-text.ts";
import type { End } from "../netfilter/trace/ends.ts";
import type { Trace } from "../netfilter/trace/trace.ts";
import type { SeenSource } from "../report/explanation.ts";
import type { ClientTrace } from "./clients.ts";
import { arrivals, lossesInWords } from "./fates.ts";

const rewritten = "the address of the interface the packet leaves by (SNAT), often not this node's InternalIP";
const kept = "its own address";

/** What an endpoint sees as the source of each client's connections: "nothing: dropped (line 38)" where none gets there. */
export function sourcesOf(traces: readonly ClientTrace[]): SeenSource[] {
  return traces.flatMap(({ client, isEndpoint, trace }) => {
    if (!isEndpoint) return [{ client: client.label, seen: seenBy(arrivals(trace), trace) }];
    // to the other endpoints it is a pod like any other
    const own = arrivals(trace).filter(({ dnat }) => bitsOf(splitAddress(dnat ?? "")?.ip ?? "") === client.source);
    return own.length === 0 ? [] : [{ client: "an endpoint that gets to itself", seen: seenBy(own, trace) }];
  });
}

function seenBy(arrived: readonly End[], trace: Trace): string {
  if (arrived.length === 0) return `nothing: ${lossesInWords(trace)}`;
  const snat = new Set(arrived.map((end) => end.snat));
  if (snat.size === 1) return snat.has(true) ? rewritten : kept;
  const at = (value: boolean) => new Set(arrived.filter((end) => end.snat === value).map(({ dnat }) => dnat ?? ""));
  const [keeping, rewriting] = [at(false), at(true)];
  if ([...keeping].some((address) => rewriting.has(address)))
    return "its own address or one of this node's, depending on what the capture does not show";
  return `its own address at ${listed([...keeping])}; at ${listed([...rewriting])} the address of the interface the packet leaves by (SNAT)`;
}
