import { distance } from "fastest-levenshtein";
import type { Shape } from "./shape.ts";
import { coreOptions } from "./vocabulary/index.ts";

const LONGEST = 40;

/** The candidate that differs from the word by at most two letters and least of all, of equals the first; `null` where none is near. */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  if (word.length > LONGEST) return null;
  let best: string | null = null;
  let least = Math.min(3, Math.floor(word.length / 3) + 1);
  for (const candidate of candidates) {
    const steps = stepsBetween(word, candidate);
    if (steps < least && steps > 0) {
      least = steps;
      best = candidate;
    }
  }
  return best;
}

/** Letters to change, add or leave out; two that changed places count once. */
function stepsBetween(word: string, candidate: string): number {
  if (word.length === candidate.length) {
    let k = 0;
    while (k < word.length && word[k] === candidate[k]) k++;
    const swapped = word.slice(0, k) + word.charAt(k + 1) + word.charAt(k) + word.slice(k + 2);
    if (k + 1 < word.length && swapped === candidate) return 1;
  }
  return distance(word, candidate);
}

/** The option nearest to a misspelt one, among those that its line could take. */
export function nearestOption(word: string, shape: Shape): string | null {
  if (!word.startsWith("-")) return null;
  const spellings: string[] = [];
  const add = (options: readonly { readonly flag: string; readonly aliases?: readonly string[] }[]): void => {
    for (const option of options) spellings.push(option.flag, ...(option.aliases ?? []));
  };
  for (const match of shape.matches) if (match.record !== null) add(match.record.options);
  if (shape.targetRecord !== null) add(shape.targetRecord.options);
  add(coreOptions);
  return nearest(word, spellings);
}
