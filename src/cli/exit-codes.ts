/** What `iptlint` returns to the shell. */
export const exitCodes = {
  ok: 0,
  /** lint: findings at or above --fail-on, or no kube-proxy Service rules; explain, services, trace: nothing found. */
  found: 1,
  usage: 2,
  /** An input could not be read or is no dump; the others were still reported. */
  unreadable: 3,
  /** A bug in iptlint. */
  bug: 4,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
