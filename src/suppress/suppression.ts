import type { Finding, Location } from "../checks/finding.ts";

/** Somebody's word that a finding is known and accepted. */
export interface Suppression {
  /** A comment in the dump itself, an entry of the configuration, or of a baseline. */
  readonly by: "comment" | "configuration" | "baseline";
  /** Unicode and not escaped, as everything in a finding; `null`: a baseline gives none. */
  readonly reason: string | null;
  /** Where it is written. */
  readonly location: Location;
}

/** A finding that is not to be complained about. */
export interface SuppressedFinding {
  readonly finding: Finding;
  readonly suppression: Suppression;
}
