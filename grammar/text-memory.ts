import { type Memory, newMemory, PAGE } from "./web-assembly.ts";

/** Compiled code has data of its own before the text. */
export const TEXT_AT = PAGE;
/** What compiled code has to know of a text of kube-proxy's rules takes less than that much of it; memory that is not written costs nothing. */
const ROOM = 3;
/** Four gigabytes. */
const MOST_PAGES = 1 << 16;

const memories = new WeakMap<ArrayBufferLike, Memory>();

/** Bytes to read a text into: compiled code can take the memory in which they are, so that the text is there once. `null`: there is none. */
export function bytesInMemory(length: number): Uint8Array | null {
  const pages = 2 + Math.ceil((length * (1 + ROOM)) / PAGE);
  if (pages > MOST_PAGES) return null;
  try {
    const memory = newMemory(pages, true);
    memories.set(memory.buffer, memory);
    return new Uint8Array(memory.buffer, TEXT_AT, length);
  } catch {
    return null;
  }
}

/** The memory in which the bytes are, if it has room for so many more: for the first who asks. */
export function takeMemoryOf(bytes: Uint8Array, room: number): Memory | null {
  const memory = memories.get(bytes.buffer) ?? null;
  if (memory === null || bytes.byteOffset !== TEXT_AT) return null;
  if (TEXT_AT + bytes.length + room > memory.buffer.byteLength) return null;
  memories.delete(bytes.buffer);
  return memory;
}
