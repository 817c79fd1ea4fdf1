import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

async function byteStringOf(hasBuffer: boolean): Promise<(bytes: Uint8Array, start: number, end: number) => string> {
  if (!hasBuffer) vi.stubGlobal("Buffer", undefined);
  vi.resetModules();
  return (await import("../../grammar/bytes.ts")).byteString;
}

test("a browser, which has no Buffer, cuts the same words, whatever is asked for", async () => {
  const withBuffer = await byteStringOf(true);
  const without = await byteStringOf(false);
  vi.unstubAllGlobals();
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.integer({ min: 0, max: 210 }),
      fc.integer({ min: 0, max: 200 }),
      (bytes, start, length) => {
        const end = Math.min(start + length, bytes.length);
        const expected = Array.from(bytes.subarray(start, Math.max(start, end)), (code) =>
          String.fromCharCode(code),
        ).join("");
        expect(withBuffer(bytes, start, end)).toBe(expected);
        expect(without(bytes, start, end)).toBe(expected);
      },
    ),
  );
  for (const [start, end] of [
    [-1, -1],
    [3, 2],
    [0, 5],
    [-1, 2],
  ] as const) {
    const bytes = Uint8Array.of(65, 66, 67);
    expect(withBuffer(bytes, start, end)).toBe(without(bytes, start, end));
  }
});
