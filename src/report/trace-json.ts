import { toJson } from "./escape.ts";
import type { TraceReport } from "./trace-report.ts";

/** `iptlint/trace/1`, described by schema/trace.schema.json: one object on a line for each node and back end. */
export function* renderTraceJson(traces: readonly TraceReport[]): Iterable<string> {
  for (const { way: _, ...trace } of traces) yield `${toJson({ schema: "iptlint/trace/1", ...trace })}\n`;
}
