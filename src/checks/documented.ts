import type { CheckDocumentation } from "./check.ts";
import { allChecks } from "./index.ts";
import { problemDocs } from "./problem-docs.ts";

/** What is found where findings are suppressed. */
export const suppressionDocs: readonly CheckDocumentation[] = [
  {
    id: "unused-suppression",
    severity: "info",
    confidence: "certain",
    summary: "A suppression covers no finding",
    why: "What it was written for is gone, and it would hide the next one of its kind without anybody having judged it.",
    evidence:
      "`iptlint-ignore` in a comment, an entry of the configuration or of the baseline that no finding matches. Not told where the check could not judge this capture.",
    confirm: "iptlint --no-suppressions dump.txt",
    whenFine: "Where the configuration or the baseline is for more nodes than these.",
    remedy: "Delete it; for a baseline, write it anew: iptlint --write-baseline baseline.json dump.txt",
    references: [],
    since: "0.1.0",
  },
  {
    id: "malformed-suppression",
    severity: "warning",
    confidence: "certain",
    summary: "A comment that would suppress findings cannot be read",
    why: "It suppresses nothing: without the id of a check nobody knows what it accepts, without a reason nobody can judge it later.",
    evidence: "`iptlint-ignore` in a comment that does not read `iptlint-ignore CHECK-ID: REASON`.",
    confirm: "iptables-save | grep iptlint-ignore",
    whenFine: "Never.",
    remedy:
      '-m comment --comment "iptlint-ignore CHECK-ID: REASON" in a rule, or a line # iptlint-ignore-next CHECK-ID: REASON in a file that is kept by hand.',
    references: [],
    since: "0.1.0",
  },
];

/** What `--restore` finds. */
export const refusedLine: CheckDocumentation = {
  id: "refused-line",
  severity: "error",
  confidence: "certain",
  summary: "iptables-restore refuses a line",
  why: "It stops there: the table of that line and those behind it are not loaded, tables before it are.",
  evidence: "What iptables-restore of that version and back end has against the line. Asked for with --restore.",
  confirm: "iptables-restore --test < rules.txt",
  whenFine: "Where the text is not meant to be loaded.",
  remedy: "Mend the line.",
  references: [],
  since: "0.1.0",
};

const aboutCapture: ReadonlySet<string> = new Set([
  ...allChecks.filter(({ subject }) => subject === "capture").map(({ id }) => id),
  "missing-commit",
]);

/** Whether a check says what the text is worth as a whole: without its findings the others do not mean what they say. */
export const judgesCapture = (checkId: string): boolean => aboutCapture.has(checkId);

const aboutSuppressions: ReadonlySet<string> = new Set(suppressionDocs.map(({ id }) => id));

/** Whether a finding is about suppressions: no suppression covers it. */
export const judgesSuppressions = (checkId: string): boolean => aboutSuppressions.has(checkId);

/** Everything that has an id. */
export const documentedChecks: readonly CheckDocumentation[] = [
  ...allChecks,
  ...problemDocs,
  ...suppressionDocs,
  refusedLine,
];
