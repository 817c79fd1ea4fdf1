import { expect, test } from "vitest";
import { bytesInMemory, TEXT_AT, takeMemoryOf } from "../../grammar/text-memory.ts";

test("the memory of a text is for the first who asks", () => {
  const bytes = bytesInMemory(1000)!;
  expect(bytes).toHaveLength(1000);
  const memory = takeMemoryOf(bytes, 2000);
  expect(memory?.buffer).toBe(bytes.buffer);
  expect(bytes.byteOffset).toBe(TEXT_AT);
  expect(takeMemoryOf(bytes, 0)).toBeNull();
});

test("it is for nobody who needs more room than there is, and for the next one still", () => {
  const bytes = bytesInMemory(1 << 20)!;
  const room = bytes.buffer.byteLength - bytes.byteOffset - bytes.length;
  expect(room).toBeGreaterThanOrEqual(3 << 20);
  expect(takeMemoryOf(bytes, room + 1)).toBeNull();
  expect(takeMemoryOf(bytes, room)).not.toBeNull();
});

test("other bytes have none, nor has a text for which there is no room", () => {
  expect(takeMemoryOf(new Uint8Array(10), 0)).toBeNull();
  expect(bytesInMemory(1 << 30)).toBeNull();
});

test("the bytes stay where they are: the memory does not grow", () => {
  const bytes = bytesInMemory(10)!;
  const memory = takeMemoryOf(bytes, 0) as unknown as { grow(pages: number): number };
  expect(() => memory.grow(1)).toThrow(RangeError);
  expect(bytes).toHaveLength(10);
});
