/**
 * First place of a word at or behind `from` and before `end`; -1 where there is none. Horspool's search: it looks at one byte in as many as the
 * word has letters.
 */
export function findBytes(bytes: Uint8Array, word: Uint8Array, from: number, end = bytes.length): number {
  const last = word.length - 1;
  const steps = stepsOf(word);
  for (let at = from + last; at < end; at += steps[bytes[at] as number] as number) {
    let k = last;
    while (k >= 0 && bytes[at - last + k] === word[k]) k--;
    if (k < 0) return at - last;
  }
  return -1;
}

const known = new WeakMap<Uint8Array, Uint8Array>();

/** How far to go on from a byte that was looked at. */
function stepsOf(word: Uint8Array): Uint8Array {
  let steps = known.get(word);
  if (steps === undefined) {
    const last = word.length - 1;
    steps = new Uint8Array(256).fill(word.length);
    for (let k = 0; k < last; k++) steps[word[k] as number] = last - k;
    known.set(word, steps);
  }
  return steps;
}
