import type { InterfacePattern } from "../../grammar/values/types.ts";
import type { Family } from "../../grammar/vocabulary/record.ts";
import type { NodeFacts } from "./node.ts";
import { type ConnectionState, knownBits, type Packet, type SomeAddress, unknownBits } from "./packet.ts";

/** `new-again`: no reply yet, so NEW for conntrack, but not the first packet, so nat is not asked. */
export type QuestionState = ConnectionState | "new-again";

/** A packet as a user asks for it. What is not given is unknown, or has the usual value where one is named here. */
export interface Question {
  readonly family: Family;
  readonly source: bigint | null;
  readonly destination: bigint;
  /** Number of the protocol, as in /etc/protocols. */
  readonly protocol: number;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly icmpType?: number;
  readonly icmpCode?: number;
  /** Name of the interface it comes in by. */
  readonly inInterface?: string;
  /** Where the interface it comes in by is not known: it is none of these. */
  readonly notInInterface?: InterfacePattern;
  /** Name of the interface it leaves by, if it is not for the node itself. */
  readonly outInterface?: string;
  /** Sent by the node itself. */
  readonly local?: boolean;
  /** Usual: new. */
  readonly state?: QuestionState;
  /** Usual: 0. */
  readonly mark?: number;
  /** Bits as in `TcpFlags`; usual: SYN for a new connection, ACK for others. */
  readonly tcpFlags?: number;
  readonly ttl?: number;
  readonly tos?: number;
  readonly length?: number;
  /** The client has been here before: it is on the lists of recent addresses where its first connection put it. */
  readonly affinity?: boolean;
}

const TCP = 6;
const SYN = 2;
const ACK = 16;
const UNKNOWN_SOURCE: SomeAddress = { id: "source", label: "the source", local: null };

/** The first packet of the connection, as it arrives or as the node sends it. */
export function firstPacket(question: Question): Packet {
  const { family, destination, protocol, local = false } = question;
  const state = question.state === "new-again" ? "new" : (question.state ?? "new");
  const original = {
    source: question.source ?? { ...UNKNOWN_SOURCE, local: local ? true : null },
    destination,
    sourcePort: question.sourcePort ?? null,
    destinationPort: question.destinationPort ?? null,
  };
  return {
    family,
    ...original,
    original,
    protocol,
    icmpType: question.icmpType ?? null,
    icmpCode: question.icmpCode ?? null,
    tcpFlags: protocol === TCP ? (question.tcpFlags ?? (state === "new" ? SYN : ACK)) : null,
    ttl: question.ttl ?? null,
    ttlChange: 0,
    tos: question.tos === undefined ? unknownBits("the TOS field") : knownBits(question.tos),
    length: question.length ?? null,
    inInterface: local ? "" : (question.inInterface ?? null),
    notInInterface: question.notInInterface ?? null,
    outInterface: "",
    routedAnew: false,
    local,
    state: "invalid",
    tracking: state,
    mark: knownBits(question.mark ?? 0),
    connectionMark: state === "new" ? knownBits(0) : unknownBits("the connection's mark"),
    first: state === "new" || (state === "related" && protocol !== ICMP[family]),
    diverted: false,
    looped: false,
    destinationTranslation: null,
    sourceTranslation: null,
    mapping: null,
    remembered: [],
  };
}

/** RELATED is an error message about a connection that nat knows, or a connection that one announced. */
const ICMP = { 4: 1, 6: 58 } as const;

/** The facts with the interface that the question names as the way to everywhere else. */
export function factsFor(question: Question, node: NodeFacts): NodeFacts {
  if (question.outInterface === undefined) return node;
  return { ...node, routes: [{ bits: 0n, mask: 0n, interface: question.outInterface }, ...node.routes] };
}
