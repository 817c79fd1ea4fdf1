import type { AddressMask, NumberRange, Protocol } from "../../../grammar/values/types.ts";
import type { Packet, PacketAddress } from "../packet.ts";
import { anyOf } from "./any.ts";
import { type Decision, type Test, unknown } from "./decision.ts";
import { inNetwork, inNumbers } from "./region.ts";
import { eachOption, flagOf, type MatchSemantics, optionUnknown } from "./semantics.ts";
import { wordsOf } from "./words.ts";

const options = eachOption({
  "--ctstate":
    ([states]) =>
    (packet) =>
      wordsOf(states).some((state) => inState(state, packet)),
  "--ctproto":
    ([asked]) =>
    (packet) =>
      packet.protocol === null ? ctUnknown("protocol") : packet.protocol === (asked as Protocol).number,
  "--ctorigsrc": ([network]) => address(network as AddressMask, (packet) => packet.original.source, "original source"),
  "--ctorigdst": ([network]) =>
    address(network as AddressMask, (packet) => packet.original.destination, "original destination"),
  "--ctreplsrc": ([network]) => address(network as AddressMask, replySource, "source of replies"),
  "--ctrepldst": ([network]) => address(network as AddressMask, replyDestination, "destination of replies"),
  "--ctorigsrcport": ([range]) =>
    port(range as NumberRange, (packet) => packet.original.sourcePort, "original source port"),
  "--ctorigdstport": ([range]) =>
    port(range as NumberRange, (packet) => packet.original.destinationPort, "original destination port"),
  "--ctreplsrcport": ([range]) =>
    port(
      range as NumberRange,
      (packet) => packet.destinationTranslation?.port ?? packet.original.destinationPort,
      "source port of replies",
    ),
  "--ctrepldstport": ([range]) =>
    port(
      range as NumberRange,
      (packet) => (packet.sourceTranslation === null ? packet.original.sourcePort : packet.sourceTranslation.port),
      "destination port of replies",
    ),
  "--ctstatus":
    ([statuses]) =>
    (packet) =>
      anyOf(wordsOf(statuses).map((status) => hasStatus(status, packet))),
  "--ctdir":
    ([direction]) =>
    () =>
      direction === "ORIGINAL",
  "--ctexpire": optionUnknown("conntrack", "--ctexpire", "how long the connection is kept is not given"),
});

/**
 * net/netfilter/xt_conntrack.c. A packet without a connection (INVALID, UNTRACKED) is asked for its state alone, and if that
 * is not asked for, it does not match, negated or not.
 */
export const conntrack: MatchSemantics = (match, context) => {
  const tests = options(match, context);
  const asksState = match.options.map((option) => flagOf(option) === "--ctstate");
  // eachOption makes one test per option of this match, in order
  return tests.map(
    (test, i): Test =>
      (packet, node) =>
        tracked(packet) || asksState[i] ? test(packet, node) : asksState.includes(true),
  );
};

const tracked = (packet: Packet): boolean => packet.state !== "invalid" && packet.state !== "untracked";

function inState(state: string, packet: Packet): boolean {
  if (state === "DNAT") return tracked(packet) && packet.destinationTranslation !== null;
  if (state === "SNAT") return tracked(packet) && packet.sourceTranslation !== null;
  return state.toLowerCase() === packet.state;
}

function hasStatus(status: string, packet: Packet): Decision {
  const begun = packet.state !== "established";
  switch (status) {
    case "EXPECTED":
      return packet.state === "related" ? ctUnknown("status EXPECTED") : false;
    case "SEEN_REPLY":
      return !begun || (packet.state === "related" ? ctUnknown("status SEEN_REPLY") : false);
    case "ASSURED":
      return begun ? false : ctUnknown("status ASSURED");
    case "CONFIRMED":
      return !packet.first || packet.looped;
    // stands for no bit at all, so no connection has it
    case "NONE":
      return false;
    default:
      return ctUnknown(`status ${status}`);
  }
}

const replySource = (packet: Packet): PacketAddress =>
  packet.destinationTranslation === null ? packet.original.destination : packet.destinationTranslation.address;

const replyDestination = (packet: Packet): PacketAddress =>
  packet.sourceTranslation === null ? packet.original.source : packet.sourceTranslation.address;

function address(network: AddressMask, of: (packet: Packet) => PacketAddress, name: string): Test {
  return (packet) => inNetwork(of(packet), network, `${network.bits}/${network.mask}`, `the connection's ${name}`);
}

function port(range: NumberRange, of: (packet: Packet) => Packet["sourcePort"], name: string): Test {
  return (packet) => inNumbers(of(packet), range, `the connection's ${name}`);
}

const ctUnknown = (what: string): Decision =>
  unknown({
    key: `conntrack ${what}`,
    holds: `the connection has ${what}`,
    fails: `the connection does not have ${what}`,
    reason: "it depends on the packets before this one",
  });
