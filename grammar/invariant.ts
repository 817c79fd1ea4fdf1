/** Thrown when iptlint contradicts itself; the command line turns it into a request for a report. */
export class InvariantError extends Error {
  override name = "InvariantError";
}

/** States what must hold whatever the input is. A failure is a bug of iptlint, never of a dump. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}
