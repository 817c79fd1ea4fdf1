import { expect, test } from "vitest";
import { bytesInMemory, columnFor, TEXT_AT, takeMemoryOf } from "../../grammar/text-memory.ts";

test("the memory of a text is for the first who asks", () => {
  const bytes = bytesInMemory(1000)!;
  expect(bytes).toHaveLength(1000);
  const memory = takeMemoryOf(bytes, 2000);
  expect(memory?.memory.buffer).toBe(bytes.buffer);
  expect(bytes.byteOffset).toBe(TEXT_AT);
  expect(takeMemoryOf(bytes, 0)).toBeNull();
});

test("it is for nobody who needs more room than there is, and for the next one still", () => {
  const bytes = bytesInMemory(1 << 20)!;
  const room = bytes.buffer.byteLength - bytes.byteOffset - bytes.length - 16;
  expect(room).toBeGreaterThanOrEqual(1.5 * (1 << 20));
  expect(takeMemoryOf(bytes, room + 1)).toBeNull();
  expect(takeMemoryOf(bytes, room)).not.toBeNull();
});

test("other bytes have none, nor has a text for which there is no room", () => {
  expect(takeMemoryOf(new Uint8Array(10), 0)).toBeNull();
  expect(bytesInMemory(1 << 30)).toBeNull();
});

test("the bytes stay where they are: the memory does not grow", () => {
  const bytes = bytesInMemory(10)!;
  const { memory } = takeMemoryOf(bytes, 0)!;
  expect(() => (memory as unknown as { grow(pages: number): number }).grow(1)).toThrow(RangeError);
  expect(bytes).toHaveLength(10);
});

test("columns lie behind the text, one after the other, as long as there is room", () => {
  const bytes = bytesInMemory(1000)!;
  const one = columnFor(bytes, 3);
  const other = columnFor(bytes, 5);
  expect([one.buffer, other.buffer]).toEqual([bytes.buffer, bytes.buffer]);
  expect(one.byteOffset).toBeGreaterThan(TEXT_AT + bytes.length);
  expect(other.byteOffset).toBeGreaterThanOrEqual(one.byteOffset + one.byteLength);
  expect([...other]).toEqual([0, 0, 0, 0, 0]);
  expect(columnFor(bytes, bytes.buffer.byteLength / 4).buffer).not.toBe(bytes.buffer);
  expect(takeMemoryOf(bytes, 0)?.free).toBeGreaterThanOrEqual(other.byteOffset + other.byteLength);
});

test("once the memory is taken, columns are somewhere else, as they are for other texts", () => {
  const bytes = bytesInMemory(1000)!;
  takeMemoryOf(bytes, 0);
  expect(columnFor(bytes, 3).buffer).not.toBe(bytes.buffer);
  expect(columnFor(new Uint8Array(9), 3)).toHaveLength(3);
});
