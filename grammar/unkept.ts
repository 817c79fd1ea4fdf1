import { invariant } from "./invariant.ts";
import type { LineReader } from "./line-reader.ts";
import { type Mentions, mentionsIn } from "./mentions.ts";
import { allTargets } from "./vocabulary/index.ts";
import type { ExtensionRecord } from "./vocabulary/record.ts";

/**
 * The column of shapes: the ordinal of a shape that is kept, else a negative number that says in short what most readers ask of a line.
 * Bit 0 of its complement: a rule that begins its line and whose words blanks alone part. Bits 1 to 6: its target. From bit 7: its
 * mentions.
 */
const PLAIN = 1;
const TARGET_BITS = 6;

invariant(allTargets.length < 1 << TARGET_BITS, "more targets than six bits can say");

const targets: readonly (ExtensionRecord | null)[] = [null, ...allTargets];
const numbers = new Map(targets.map((target, number) => [target, number]));

export function columnOf({ outline, start, textStart, scanner }: LineReader): number {
  if (outline.id >= 0) return outline.id;
  if (outline.kind !== "rule") return ~0;
  const plain = outline.plain && start === textStart ? PLAIN : 0;
  const target = numbers.get(outline.targetRecord) as number;
  return ~(plain | (target << 1) | (mentionsIn(scanner.words, scanner.count) << (1 + TARGET_BITS)));
}

export const isPlain = (column: number): boolean => column < 0 && (~column & PLAIN) !== 0;

export const targetIn = (column: number): ExtensionRecord | null =>
  targets[(~column >> 1) & ((1 << TARGET_BITS) - 1)] ?? null;

export const mentionsInColumn = (column: number): Mentions => ~column >>> (1 + TARGET_BITS);
