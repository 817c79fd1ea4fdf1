import { type Memory, newMemory, PAGE } from "./web-assembly.ts";

/** Compiled code has data of its own before the text. */
export const TEXT_AT = PAGE;
/**
 * Columns of lines and what compiled code has to know of a text of kube-proxy's rules take less than that much of it. Memory that is not
 * written costs nothing, but V8 collects garbage the more often the more of it there is.
 */
const ROOM = 1.5;
/** Two gigabytes: to compiled code places are signed integers. */
const MOST_PAGES = 1 << 15;
/** Bytes behind the text for a line end, at the least. */
const BEHIND = 16;

/** The memory of a text, and from where on nothing is in it. */
export interface TextMemory {
  readonly memory: Memory;
  readonly free: number;
}

const memories = new WeakMap<ArrayBufferLike, TextMemory>();

/** Bytes to read a text into: compiled code can take the memory in which they are, so that the text is there once. `null`: there is none. */
export function bytesInMemory(length: number): Uint8Array | null {
  const pages = 2 + Math.ceil((length * (1 + ROOM)) / PAGE);
  if (pages > MOST_PAGES) return null;
  try {
    const memory = newMemory(pages, true);
    memories.set(memory.buffer, { memory, free: aligned(TEXT_AT + length + BEHIND) });
    return new Uint8Array(memory.buffer, TEXT_AT, length);
  } catch {
    return null;
  }
}

/** A column of so many zeros, for who reads the text: in its memory, if that has room for it, so that compiled code need not be given a copy. */
export function columnFor(text: Uint8Array, length: number): Int32Array {
  const known = memoryOf(text);
  const end = (known?.free ?? 0) + length * Int32Array.BYTES_PER_ELEMENT;
  if (known === null || end > known.memory.buffer.byteLength) return new Int32Array(length);
  memories.set(text.buffer, { memory: known.memory, free: aligned(end) });
  return new Int32Array(known.memory.buffer, known.free, length);
}

/** The memory in which the text is, if it has room for so many more bytes: for the first who asks. */
export function takeMemoryOf(text: Uint8Array, room: number): TextMemory | null {
  const known = memoryOf(text);
  if (known === null || known.free + room > known.memory.buffer.byteLength) return null;
  memories.delete(text.buffer);
  return known;
}

function memoryOf(text: Uint8Array): TextMemory | null {
  return text.byteOffset === TEXT_AT ? (memories.get(text.buffer) ?? null) : null;
}

const aligned = (place: number): number => (place + 15) & ~15;
