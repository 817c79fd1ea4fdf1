import { isBroadcast, isLocal, isMulticast, type NodeFacts } from "../node.ts";
import { addressText, type Packet } from "../packet.ts";
import { anyOf } from "./any.ts";
import { type Decision, not, unknown } from "./decision.ts";
import { eachOption, hasFlag } from "./semantics.ts";
import { wordsOf } from "./words.ts";

/** net/netfilter/xt_addrtype.c; `--limit-iface-…` narrows LOCAL to the addresses of one interface. */
export const addrtype = eachOption({
  "--src-type": ([types], _context, match) => typeTest("source", wordsOf(types), limited(match)),
  "--dst-type": ([types], _context, match) => typeTest("destination", wordsOf(types), limited(match)),
  "--limit-iface-in": () => undefined,
  "--limit-iface-out": () => undefined,
});

const limited = (match: Parameters<typeof hasFlag>[0]): boolean =>
  hasFlag(match, "--limit-iface-in") || hasFlag(match, "--limit-iface-out");

function typeTest(role: "source" | "destination", types: readonly string[], interfaceOnly: boolean) {
  return (packet: Packet, node: NodeFacts): Decision => {
    const decisions = types.map((type) => isOfType(type, role, packet, node, interfaceOnly));
    // IPv6 asks for MULTICAST, UNICAST and UNSPEC together, IPv4 for any of the types
    if (packet.family === 4) return anyOf(decisions);
    const required = decisions.filter((_, i) => AND_6.has(types[i]!));
    if (required.includes(false)) return false;
    const routed = decisions.filter((_, i) => !AND_6.has(types[i]!));
    return routed.length > 0 ? anyOf(routed) : (required.find((decision) => decision !== true) ?? true);
  };
}

const AND_6 = new Set(["UNICAST", "MULTICAST", "UNSPEC"]);

function isOfType(
  type: string,
  role: "source" | "destination",
  packet: Packet,
  node: NodeFacts,
  interfaceOnly: boolean,
): Decision {
  const address = packet[role];
  const { family } = packet;
  const bits = typeof address === "bigint" ? address : null;
  switch (type) {
    case "LOCAL": {
      const local = isLocal(role, packet, node);
      if (!interfaceOnly || local === false) return local;
      return notDecided(`the ${role} ${addressText(address, family)} is an address of the packet's interface`);
    }
    case "UNICAST":
      if (bits !== null && (isMulticast(bits, family) || isBroadcast(bits, family))) return false;
      if (family === 6) return bits === null ? true : bits !== 0n;
      return not(isLocal(role, packet, node));
    case "MULTICAST":
      return bits === null ? false : isMulticast(bits, family);
    case "BROADCAST":
      if (bits === null || family === 6) return false;
      return (
        isBroadcast(bits, 4) || notDecided(`${addressText(bits, 4)} is the broadcast address of a subnet of this node`)
      );
    case "UNSPEC":
      return bits === null ? false : family === 6 ? bits === 0n : false;
    default:
      return notDecided(`the ${role} ${addressText(address, family)} is of type ${type} in the routing table`);
  }
}

const notDecided = (text: string): Decision =>
  unknown({
    key: text,
    holds: text,
    fails: text.replace(" is ", " is not "),
    reason: "a capture does not hold the routing tables",
  });
