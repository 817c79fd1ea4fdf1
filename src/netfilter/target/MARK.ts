import type { Mark } from "../../../grammar/values/types.ts";
import { flagOf, valuesOf } from "../match/semantics.ts";
import { changeBits, unknownBits } from "../packet.ts";
import { goesOn, type TargetSemantics } from "./outcome.ts";

/** net/netfilter/xt_mark.c: `mark = (mark & ~mask) ^ value`. The codecs give every spelling as value and mask. */
export const MARK: TargetSemantics = (target, context) => {
  const [option] = target.options;
  const change = option === undefined ? undefined : (valuesOf(option, context)?.[0] as Mark | undefined);
  if (option === undefined || change === undefined || !flagOf(option).endsWith("mark")) {
    return {
      effect: "changes the mark",
      apply: (packet) => goesOn({ ...packet, mark: unknownBits(`the mark of ${context.rule}`) }),
    };
  }
  const { value, mask } = change;
  return {
    effect: changeText("mark", value, mask),
    apply: (packet) => goesOn({ ...packet, mark: changeBits(packet.mark, value, mask) }),
  };
};

/** What `(x & ~mask) ^ value` does, in words. */
export function changeText(name: string, value: number, mask: number): string {
  const [v, m] = [`0x${value.toString(16)}`, `0x${mask.toString(16)}`];
  if (mask === 0) return `flips ${name} ${v}`;
  if (mask === 0xffffffff) return `${name} becomes ${v}`;
  if (value === mask) return `sets ${name} ${v}`;
  return value === 0 ? `clears ${name} ${m}` : `sets ${name} ${v}/${m}`;
}
