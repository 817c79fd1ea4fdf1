import { displayText } from "../../grammar/bytes.ts";
import type { End } from "../netfilter/trace/ends.ts";
import type { Trace } from "../netfilter/trace/trace.ts";

/** Ends of connections that get to an endpoint. */
export function arrivals({ ends }: Trace): End[] {
  return ends.filter(({ dnat, fate }) => dnat !== null && (fate === "forwarded" || fate === "local"));
}

/** "dropped (line 38)": what becomes of connections that get to no endpoint; `null` where they get to one. */
export function lossInWords(end: End, { steps }: Trace): string | null {
  const line = steps[end.step]?.line ?? 0;
  const where = line === 0 ? "" : ` (line ${line})`;
  switch (end.fate) {
    case "rejected":
      return `refused with ${displayText(end.rejectWith ?? "an error")}${where}`;
    case "dropped":
      return `dropped${where}`;
    case "unknown":
      return `not known${where}: ${displayText(end.reason ?? "not shown")}`;
    case "local":
      if (end.dnat !== null) return null;
      return "handed to this node itself, untranslated";
    default:
      return end.dnat === null ? "sent on untranslated" : null;
  }
}

/** The same of all connections of a client, none of which gets to an endpoint. */
export function lossesInWords(trace: Trace): string {
  const said = trace.ends.map((end) => lossInWords(end, trace)).filter((loss) => loss !== null);
  return [...new Set(said)].join(" or ");
}
