import type { Packet } from "../packet.ts";
import { type Decision, unknown } from "./decision.ts";
import { eachOption, flagOf, type OptionSemantics, optionText } from "./semantics.ts";

/** net/netfilter/xt_owner.c: only packets of the node's own sockets have an owner. */
const asks =
  (flag: string): OptionSemantics =>
  (_values, _context, match) => {
    const option = match.options.find((candidate) => flagOf(candidate) === flag);
    const text = option === undefined ? flag : optionText({ ...option, negated: false });
    return (packet) => ownedAs(packet, text);
  };

export const owner = eachOption({
  "--uid-owner": asks("--uid-owner"),
  "--gid-owner": asks("--gid-owner"),
  "--pid-owner": asks("--pid-owner"),
  "--sid-owner": asks("--sid-owner"),
  "--cmd-owner": asks("--cmd-owner"),
  "--socket-exists": asks("--socket-exists"),
  "--suppl-groups": () => undefined,
});

function ownedAs(packet: Packet, text: string): Decision {
  if (!packet.local || packet.looped) return false;
  return unknown({
    key: `-m owner ${text}`,
    holds: `the sender is as ${text} asks`,
    fails: `the sender is not as ${text} asks`,
    reason: "the process that sends is not given",
  });
}
