import type { SetDirections } from "../../../grammar/values/types.ts";
import { flagOf, valuesOf } from "../match/semantics.ts";
import { setEntry } from "../match/set.ts";
import { type Packet, remember, unknownBits } from "../packet.ts";
import { goesOn, type TargetSemantics } from "./outcome.ts";

/** net/netfilter/xt_set.c (set_target_v3): later rules find what it adds and miss what it deletes. */
export const SET: TargetSemantics = (target, context) => {
  const option = target.options.find((candidate) => flagOf(candidate).endsWith("-set"));
  const [name, directions] = (option === undefined ? null : valuesOf(option, context)) ?? [];
  const flag = option === undefined ? "" : flagOf(option);
  const maps = target.options.some((candidate) => flagOf(candidate) === "--map-mark");
  return {
    effect:
      flag === "--del-set"
        ? `is deleted from set ${name}`
        : flag === "--add-set"
          ? `is added to set ${name}`
          : `mark comes from set ${name}`,
    apply(packet) {
      if (flag === "--map-set")
        return goesOn(maps ? { ...packet, mark: unknownBits(`the mark of ${context.rule}`) } : packet);
      if (name === undefined) return goesOn(packet);
      const entry = setEntry(name as string, directions as SetDirections, packet);
      return goesOn(
        flag === "--add-set" ? change(packet, "in", "not in", entry) : change(packet, "not in", "in", entry),
      );
    },
  };
};

function change(packet: Packet, now: string, before: string, entry: string): Packet {
  const remembered = packet.remembered.filter((other) => other !== `${before} ${entry}`);
  return remember({ ...packet, remembered }, `${now} ${entry}`);
}
