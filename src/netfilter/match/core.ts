import type { OptionNode, RuleNode } from "../../../grammar/ast.ts";
import { addressMask, splitAddresses } from "../../../grammar/values/address-mask.ts";
import type { AddressMask, InterfacePattern, Protocol } from "../../../grammar/values/types.ts";
import type { Packet } from "../packet.ts";
import { anyOf } from "./any.ts";
import { type Decision, type RuleContext, type Test, unknown } from "./decision.ts";
import { inNetwork, onInterface } from "./region.ts";
import { flagOf, negate, notUnderstood, valuesOf } from "./semantics.ts";

type CoreSemantics = (value: never, text: string) => Test;

const core = new Map<string, CoreSemantics>([
  ["--in-interface", (pattern: InterfacePattern) => (packet) => comesInBy(packet, pattern)],
  ["--out-interface", (pattern: InterfacePattern) => (packet) => leavesBy(packet, pattern)],
  ["--protocol", (protocol: Protocol) => (packet) => speaks(packet, protocol)],
]);

/** What `-s -d -i -o -p -f` ask of a packet (iptables(8), PARAMETERS). */
export function coreTests(rule: RuleNode, context: RuleContext): Test[] {
  const tests: Test[] = [];
  for (const option of rule.options) {
    const flag = flagOf(option);
    if (IGNORED.has(flag)) continue;
    // conntrack reassembles packets before any table sees them, so there are no second fragments
    if (flag === "--fragments") {
      tests.push(() => option.negated);
      continue;
    }
    if (flag === "--source" || flag === "--destination") {
      tests.push(addressTest(option, context));
      continue;
    }
    const semantics = core.get(flag);
    const values = valuesOf(option, context);
    if (semantics === undefined || values === null) tests.push(notUnderstood("", option));
    else {
      const test = semantics(values[0] as never, option.values[0]?.text ?? "");
      tests.push(option.negated ? negate(test) : test);
    }
  }
  return tests;
}

/** `-s 10.0.0.1,10.0.0.2` on input stands for a rule per address. */
function addressTest(option: OptionNode, { family }: RuleContext): Test {
  const role = flagOf(option) === "--source" ? "source" : "destination";
  const asked: { network: AddressMask; text: string }[] = [];
  for (const text of splitAddresses(option.values[0]?.text ?? "")) {
    const read = addressMask.parse(text, { family });
    if (!("value" in read)) return notUnderstood("", option);
    asked.push({ network: read.value, text });
  }
  const [first] = asked;
  const test: Test =
    asked.length === 1 && first !== undefined
      ? (packet) => inNetwork(packet[role], first.network, first.text, `the ${role}`)
      : (packet) => anyOf(asked.map(({ network, text }) => inNetwork(packet[role], network, text, `the ${role}`)));
  return option.negated ? negate(test) : test;
}

const IGNORED = new Set(["--set-counters", "--ipv4", "--ipv6", "--match", "--jump", "--goto"]);

export function comesInBy(packet: Packet, pattern: InterfacePattern): Decision {
  const { inInterface, notInInterface: excluded } = packet;
  if (inInterface === null && excluded !== null && isAmong(pattern, excluded)) return false;
  return onInterface(packet.inInterface, pattern, "in interface", "the packet comes in by");
}

/** Whether every interface of the one pattern is one of the other. */
function isAmong(pattern: InterfacePattern, others: InterfacePattern): boolean {
  return others.wildcard ? pattern.name.startsWith(others.name) : !pattern.wildcard && pattern.name === others.name;
}

/** Before and after translation a packet may leave by different interfaces, so these are different questions. */
export function leavesBy(packet: Packet, pattern: InterfacePattern): Decision {
  const translated = packet.routedAnew;
  const verb = translated ? "packets to the new destination leave by" : "the packet leaves by";
  return onInterface(packet.outInterface, pattern, translated ? "out interface, translated" : "out interface", verb);
}

function speaks(packet: Packet, protocol: Protocol): Decision {
  if (protocol.number === 0) return true;
  if (packet.protocol !== null && protocol.number !== null) return packet.protocol === protocol.number;
  const text = `the protocol is ${protocol.name}`;
  const number = protocol.number === null ? null : BigInt(protocol.number);
  return unknown({
    key: text,
    holds: text,
    fails: `the protocol is not ${protocol.name}`,
    ...(number !== null && { region: { topic: "protocol", from: number, to: number } }),
  });
}
