/** A rule on the way of a packet, in words. All text is decoded, not escaped. */
export interface WayRow {
  /** In its file; 0 for what no line says (a policy that was not captured). */
  readonly line: number;
  /** Which packets take it; "" where that is clear from the row above. */
  readonly condition: string;
  /** `-> KUBE-SERVICES`, "destination becomes 10.244.1.5:80 (DNAT)". */
  readonly effect: string;
  /** 1 for a rule of the chain that the row above jumps to, shown there at once. */
  readonly depth: 0 | 1;
}

/** Rows of one chain. */
export interface WaySection {
  /** `nat PREROUTING`, or the name of a user-defined chain. */
  readonly title: string;
  readonly rows: readonly WayRow[];
  /** Rows left out between the first ones and the last. */
  readonly omitted: number;
}
