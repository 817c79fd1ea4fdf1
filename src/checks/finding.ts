/** How bad it is when it is true: `error` breaks traffic, `warning` may, `info` is worth knowing. */
export type Severity = "error" | "warning" | "info";

/** How surely the text shows it: `certain` is proved by the dump alone, `hint` depends on what a dump cannot show. */
export type Confidence = "certain" | "likely" | "hint";

/** Worst first. */
export const severities: readonly Severity[] = ["error", "warning", "info"];

/** Surest first. */
export const confidences: readonly Confidence[] = ["certain", "likely", "hint"];

/** A place in a file. */
export interface Location {
  /** The file's name as the user gave it; `<stdin>` for standard input. */
  readonly file: string;
  /** 1-based; only LF ends a line. */
  readonly line: number;
  /** 1-based, in Unicode code points of the displayed line. */
  readonly column: number;
  /** In Unicode code points. */
  readonly length: number;
  /** Present where the place reaches beyond its first line. */
  readonly endLine?: number;
  /** Raw bytes from the beginning of the file (of the unpacked text where it was gzipped). */
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** Another place that a finding speaks of. */
export interface Related {
  readonly location: Location;
  /** What is to be seen there, in a few words: "30080/tcp goes here". */
  readonly label: string;
  /** True for a place on the way to the finding's own: its frame is drawn above. Absent: below. */
  readonly before?: boolean;
}

/**
 * What a check or the parser has to say, once per cause.
 *
 * Every string is Unicode text for people: bytes of the dump are decoded (invalid UTF-8 as U+FFFD) and NOT escaped. Each report
 * format escapes them on its own way out.
 */
export interface Finding {
  /** kebab-case: `missing-masquerade-mark`, `syntax-error`. */
  readonly checkId: string;
  readonly severity: Severity;
  readonly confidence: Confidence;
  /** The fact, one line, no stop at its end, no advice. */
  readonly message: string;
  readonly table: string | null;
  readonly chain: string | null;
  /** `namespace/name:portName` of the Service port it is about. */
  readonly servicePort: string | null;
  readonly location: Location;
  /** A few words drawn at the finding's own place: "kube-proxy writes this rule before it, and it is missing". */
  readonly label: string | null;
  /** Whole rule lines that kube-proxy (or whoever owns the chain) would have here and that the dump lacks. */
  readonly missing: readonly string[];
  readonly related: readonly Related[];
  /** Who notices and how, in one or more sentences; comes from the trace of this very dump. */
  readonly effect: string | null;
  /** A command that shows the fact on the node and changes nothing. */
  readonly confirm: string | null;
  readonly remedy: string | null;
  /** URLs. */
  readonly references: readonly string[];
}

/** Whether `severity` is at least as bad as `threshold`. */
export function isAtLeast(severity: Severity, threshold: Severity): boolean {
  return severities.indexOf(severity) <= severities.indexOf(threshold);
}

/** Whether `confidence` is at least as sure as `threshold`. */
export function isAsSureAs(confidence: Confidence, threshold: Confidence): boolean {
  return confidences.indexOf(confidence) <= confidences.indexOf(threshold);
}
