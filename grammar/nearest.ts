import { distance } from "fastest-levenshtein";
import type { Shape } from "./shape.ts";
import { coreOptions } from "./vocabulary/index.ts";

const LONGEST = 40;

/** The candidate that differs from the word by at most two letters and least of all; `null` where none is near. */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  if (word.length > LONGEST) return null;
  let best: string | null = null;
  let least = Math.min(3, Math.ceil(word.length / 3) + 1);
  for (const candidate of candidates) {
    const steps = distance(word, candidate);
    if (steps < least && steps > 0) {
      least = steps;
      best = candidate;
    }
  }
  return best;
}

/** The option nearest to a misspelt one, among those that its line could take. */
export function nearestOption(word: string, shape: Shape): string | null {
  if (!word.startsWith("-")) return null;
  const spellings: string[] = [];
  const add = (options: readonly { readonly flag: string; readonly aliases?: readonly string[] }[]): void => {
    for (const option of options) spellings.push(option.flag, ...(option.aliases ?? []));
  };
  add(coreOptions);
  for (const match of shape.matches) if (match.record !== null) add(match.record.options);
  if (shape.targetRecord !== null) add(shape.targetRecord.options);
  return nearest(word, spellings);
}
