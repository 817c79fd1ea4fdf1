// the types of Node are not there
declare const Buffer:
  | {
      from(
        buffer: ArrayBufferLike,
        offset: number,
        length: number,
      ): { indexOf(word: Uint8Array, from: number): number };
    }
  | undefined;

/** Node's own search pays for the view that it needs. */
const MANY_BYTES = 1 << 16;

/**
 * First place of a word at or behind `from` and before `end`; -1 where there is none. Horspool's search: it looks at one byte in as many as the
 * word has letters.
 */
export function findBytes(bytes: Uint8Array, word: Uint8Array, from: number, end = bytes.length): number {
  if (end - from > MANY_BYTES && typeof Buffer !== "undefined") {
    const at = Buffer.from(bytes.buffer, bytes.byteOffset + from, end - from).indexOf(word, 0);
    return at < 0 ? at : from + at;
  }
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
