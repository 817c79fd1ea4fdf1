import type { LintOptions } from "./program.ts";

/** Words that are commands where they stand first; all others are dumps. */
export const commandNames: readonly string[] = ["explain", "services", "trace", "checks", "ast", "fmt"];

/** What the options of `iptlint [dump...]` are where none is given. */
export const presets: LintOptions = { color: "auto", minConfidence: "hint", suppressions: true };

/** Whether the arguments name dumps and nothing else: most calls do, and need not wait for what reads options. */
export function areDumps(argv: readonly string[]): boolean {
  const [first] = argv;
  return argv.every((arg) => arg === "-" || !arg.startsWith("-")) && !commandNames.includes(first ?? "");
}
