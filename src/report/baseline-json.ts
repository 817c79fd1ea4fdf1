import type { BaselineEntry } from "../suppress/baseline.ts";
import { toJson } from "./escape.ts";

/** `iptlint/baseline/1`, described by schema/baseline.schema.json: one entry a line. */
export function* renderBaseline(entries: readonly BaselineEntry[]): Iterable<string> {
  yield '{"schema":"iptlint/baseline/1","findings":[';
  let separator = "\n";
  for (const { check, table, chain, servicePort, rule, count } of entries) {
    const known = {
      check,
      ...(table !== null && { table }),
      ...(chain !== null && { chain }),
      ...(servicePort !== null && { servicePort }),
      rule,
      ...(count > 1 && { count }),
    };
    yield `${separator}${toJson(known)}`;
    separator = ",\n";
  }
  yield "\n]}\n";
}
