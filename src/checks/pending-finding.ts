import { type Confidence, type Finding, type Severity, severities } from "./finding.ts";

/** What of a finding is known before it is read. */
type Known = Pick<Finding, "checkId" | "severity" | "confidence">;

/** A finding as far as it takes to sort and to count it. It is put in words when somebody reads it: most of ten thousand are never shown. */
export class PendingFinding {
  readonly checkId: string;
  readonly severity: Severity;
  readonly confidence: Confidence;
  /** Of its severity; 0: the worst. */
  readonly rank: number;
  /** Of its place among the bytes of the source as they were read. */
  readonly offset: number;
  readonly #read: () => Finding;
  #finding: Finding | undefined;

  constructor({ checkId, severity, confidence }: Known, offset: number, read: () => Finding) {
    this.checkId = checkId;
    this.severity = severity;
    this.confidence = confidence;
    this.rank = severities.indexOf(severity);
    this.offset = offset;
    this.#read = read;
  }

  get finding(): Finding {
    this.#finding ??= this.#read();
    return this.#finding;
  }

  /** The same, as bad as `severity` says. */
  as(severity: Severity): PendingFinding {
    if (severity === this.severity) return this;
    return new PendingFinding({ ...this, severity }, this.offset, () => ({ ...this.finding, severity }));
  }
}
