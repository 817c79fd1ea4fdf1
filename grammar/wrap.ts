/** A place of a wrapped line where bytes were taken out. */
export interface Gap {
  /** First byte behind it, counted from the line's start, in the line put together. */
  readonly at: number;
  /** Bytes fewer than were read. */
  readonly removed: number;
}

/** A line that a terminal, a mail or a page broke into several. */
export interface Wrap {
  /** First byte of the line. */
  readonly start: number;
  /** The line's parts as they were read, from `start` to the end of the last one's text. */
  readonly parts: Uint8Array;
  /** The line put together, with blanks behind it: as many bytes as the parts have. */
  readonly whole: Uint8Array;
  /** In ascending order. */
  readonly gaps: readonly Gap[];
  /** Lines beyond the first. */
  readonly lines: number;
}

/** The bytes with their wrapped lines put together; no other line changes its place. */
export function unwrapped(bytes: Uint8Array, wraps: readonly Wrap[]): Uint8Array {
  const mended = bytes.slice();
  for (const { start, whole } of wraps) mended.set(whole, start);
  return mended;
}

/** The bytes as they were read. */
export function wrappedAgain(mended: Uint8Array, wraps: readonly Wrap[]): Uint8Array {
  if (wraps.length === 0) return mended;
  const bytes = mended.slice();
  for (const { start, parts } of wraps) bytes.set(parts, start);
  return bytes;
}

/** The wrapped line that a byte of the mended text belongs to. */
export function wrapAt(wraps: readonly Wrap[], offset: number): Wrap | null {
  let low = 0;
  let high = wraps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((wraps[middle] as Wrap).start <= offset) low = middle + 1;
    else high = middle;
  }
  const wrap = wraps[low - 1];
  return wrap === undefined || offset >= wrap.start + wrap.parts.length ? null : wrap;
}

/** Where a byte of the mended text was read. */
export function wrappedOffset(wraps: readonly Wrap[], offset: number): number {
  const wrap = wrapAt(wraps, offset);
  if (wrap === null) return offset;
  let read = offset;
  for (const { at, removed } of wrap.gaps) if (at <= offset - wrap.start) read += removed;
  return Math.min(read, wrap.start + wrap.parts.length - 1);
}
