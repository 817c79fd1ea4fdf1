import type { Mark } from "../../../grammar/values/types.ts";
import { firstValue, flagOf, hasFlag, valuesOf } from "../match/semantics.ts";
import { type Bits, changeBits, type Packet, unknownBits } from "../packet.ts";
import { changeText } from "./MARK.ts";
import { type Action, goesOn, type TargetSemantics } from "./outcome.ts";

const ALL = 0xffffffff;

/** net/netfilter/xt_connmark.c. Without a tracked connection it does nothing. */
export const CONNMARK: TargetSemantics = (target, context) => {
  const shift = shiftOf(
    firstValue<number>(target.options, "--left-shift-mark", context),
    firstValue<number>(target.options, "--right-shift-mark", context),
  );
  const mask = firstValue<number>(target.options, "--mask", context);
  const ctMask = mask ?? firstValue<number>(target.options, "--ctmask", context) ?? ALL;
  const nfMask = mask ?? firstValue<number>(target.options, "--nfmask", context) ?? ALL;
  if (hasFlag(target, "--save-mark")) {
    return onConnection("saves the mark in the connection", (packet) => ({
      ...packet,
      connectionMark: combine(packet.connectionMark, ctMask, shift(masked(packet.mark, nfMask))),
    }));
  }
  if (hasFlag(target, "--restore-mark")) {
    return onConnection("takes the mark of the connection", (packet) => ({
      ...packet,
      mark: combine(packet.mark, nfMask, shift(masked(packet.connectionMark, ctMask))),
    }));
  }
  const option = target.options.find((candidate) => flagOf(candidate).endsWith("mark"));
  const change = option === undefined ? undefined : (valuesOf(option, context)?.[0] as Mark | undefined);
  if (change === undefined) {
    return onConnection("changes the connection's mark", (packet) => ({
      ...packet,
      connectionMark: unknownBits(`the connection's mark of ${context.rule}`),
    }));
  }
  return onConnection(changeText("the connection's mark", change.value, change.mask), (packet) => ({
    ...packet,
    connectionMark: shift(changeBits(packet.connectionMark, change.value, change.mask)),
  }));
};

function onConnection(effect: string, change: (packet: Packet) => Packet): Action {
  return {
    effect,
    apply: (packet) => goesOn(packet.state === "invalid" || packet.state === "untracked" ? packet : change(packet)),
  };
}

const masked = ({ value, known, origin }: Bits, mask: number): Bits => ({
  value: (value & mask) >>> 0,
  known: (known | ~mask) >>> 0,
  origin,
});

/** `(old & ~mask) ^ other`, where bits of both may be unknown. */
function combine(old: Bits, mask: number, other: Bits): Bits {
  const kept = { ...old, value: (old.value & ~mask) >>> 0, known: (old.known | mask) >>> 0 };
  const value = (kept.value ^ other.value) >>> 0;
  if (other.known === ALL) return { value, known: kept.known, origin: kept.origin };
  if (kept.known === ALL) return { value, known: other.known, origin: other.origin };
  const name = ({ origin, value: flipped, known }: Bits): string => `${origin} (${flipped}/${known})`;
  const known = (kept.known & other.known) >>> 0;
  return { value: (value & known) >>> 0, known, origin: `${name(kept)} with ${name(other)}` };
}

function shiftOf(left: number | null, right: number | null): (bits: Bits) => Bits {
  const places = (left ?? 0) % 32 || -((right ?? 0) % 32);
  if (places === 0) return (bits) => bits;
  const move = (x: number): number => (places > 0 ? x << places : x >>> -places) >>> 0;
  // what is shifted in is zero, and known
  return ({ value, known, origin }) => ({
    value: move(value),
    known: ~move(~known >>> 0) >>> 0,
    origin: known === ALL ? origin : `${origin} shifted by ${places}`,
  });
}
