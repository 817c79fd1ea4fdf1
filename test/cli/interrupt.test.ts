import { expect, test } from "vitest";
import { interruptibly } from "../../src/cli/interrupt.ts";

const never = () => expect.unreachable("nobody interrupts");

test("what the work returns or throws is passed on as it is", () => {
  const value = { rules: 30 };
  expect(interruptibly(() => value, never)).toBe(value);
  for (const thrown of [new TypeError("of undefined"), null, "text"]) {
    const caught = [];
    try {
      interruptibly(() => {
        throw thrown;
      }, never);
    } catch (error) {
      caught.push(error);
    }
    expect(caught).toEqual([thrown]);
    expect(caught[0]).toBe(thrown);
  }
});

test("work within work is fine", () => {
  expect(interruptibly(() => interruptibly(() => 1, never) + 1, never)).toBe(2);
});
