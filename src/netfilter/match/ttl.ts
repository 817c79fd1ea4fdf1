import { inNumbers } from "./region.ts";
import { eachOption, type OptionSemantics } from "./semantics.ts";

const between =
  (range: (value: number) => { from: number; to: number }, name: string): OptionSemantics =>
  ([value]) => {
    const asked = range(value as number);
    return (packet) => {
      if (asked.from > asked.to) return false;
      if (packet.ttl !== null) return inNumbers(packet.ttl, asked, name);
      // asked about the value as it arrived
      const change = packet.ttlChange;
      return inNumbers(null, { from: asked.from - change, to: asked.to - change }, name);
    };
  };

const equals = (value: number) => ({ from: value, to: value });
const below = (value: number) => ({ from: 0, to: value - 1 });
const above = (value: number) => ({ from: value + 1, to: 255 });

/** net/netfilter/xt_hl.c */
export const ttl = eachOption({
  "--ttl-eq": between(equals, "the time to live"),
  "--ttl": between(equals, "the time to live"),
  "--ttl-lt": between(below, "the time to live"),
  "--ttl-gt": between(above, "the time to live"),
});

export const hl = eachOption({
  "--hl-eq": between(equals, "the hop limit"),
  "--hl": between(equals, "the hop limit"),
  "--hl-lt": between(below, "the hop limit"),
  "--hl-gt": between(above, "the hop limit"),
});
