import type { Draft, ReportFinding } from "./check.ts";

/** From so many Services on, what more than half of them share is not damage but a form that nobody told us of. */
const FEWEST_OF_A_LAYOUT = 4;

/**
 * Reports what was found at each of several Services; where most of them share it, once and as information: somebody meant it so.
 * `ofAll`: how many could have it.
 */
export function reportEach(report: ReportFinding, found: readonly Draft[], ofAll: number): void {
  const [first] = found;
  if (first === undefined) return;
  if (found.length < FEWEST_OF_A_LAYOUT || found.length * 2 <= ofAll) {
    for (const draft of found) report(draft);
    return;
  }
  report({
    ...first,
    message: `${first.message}; the same with ${found.length - 1} more of ${ofAll}`,
    severity: "info",
    confidence: "hint",
    effect:
      `${first.effect ?? ""} Most Services share this form, so somebody meant it: a kube-proxy or a patch that iptlint does not know.`.trim(),
  });
}
