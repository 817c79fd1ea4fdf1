import { wrapProse } from "./columns.ts";
import { renderEnds } from "./ends-text.ts";
import { forTerminal, inertLines } from "./escape.ts";
import type { Look } from "./report.ts";
import { painter } from "./style.ts";
import type { TraceReport } from "./trace-report.ts";
import { renderWay } from "./way-text.ts";

/** What is true of every answer from a capture. */
export const beside =
  "As far as iptables goes: native nftables tables and eBPF run beside it and are not in a capture.";

/** Where a packet goes: its ends first, then the rules on the way. */
export function* renderTraceText(traces: readonly TraceReport[], look: Look): Iterable<string> {
  for (const [k, trace] of traces.entries()) {
    yield inertLines(`${k === 0 ? "" : "\n"}${[...traceLines(trace, traces.length > 1, look)].join("\n")}\n`);
  }
}

function* traceLines(trace: TraceReport, several: boolean, look: Look): Iterable<string> {
  const paint = painter(look.colour);
  const backend = trace.backend === null ? "" : ` (${trace.backend} back end)`;
  if (several) yield paint("bold", forTerminal(`${trace.node}${backend}`, look.unicode));
  yield paint("bold", forTerminal(`${trace.from} -> ${trace.to}`, look.unicode));
  yield* renderEnds(trace.ends, trace.steps, trace.to, look);
  yield "";
  if (trace.way.length === 0) yield "No rule matches on the way.";
  else yield* renderWay(trace.way, look);
  yield "";
  for (const sentence of trace.assumed)
    yield* wrapProse(forTerminal(`Assumed: ${sentence}.`, look.unicode), look.width);
  yield* wrapProse(beside, look.width);
}
