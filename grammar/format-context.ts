import type { Backend, ByFamily, Family } from "./vocabulary/record.ts";

/** Which iptables-save is to be followed. */
export interface SaveContext {
  readonly family: Family;
  readonly backend: Backend;
  /** 10809 is 1.8.9. */
  readonly release: number;
}

/** `1.8.9` as a number: 10809. */
export function releaseOf(version: string): number {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map((part) => Number.parseInt(part, 10) || 0);
  return major * 10_000 + minor * 100 + patch;
}

/** The text for the family of the context. */
export function familyText(text: ByFamily, { family }: SaveContext): string {
  return typeof text === "string" ? text : text[family];
}
