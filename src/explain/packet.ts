import { readAddress } from "../../grammar/values/address.ts";
import { addressMask } from "../../grammar/values/address-mask.ts";
import type { Family } from "../../grammar/vocabulary/record.ts";
import { NOTHING_KNOWN, type NodeFacts, type Route } from "../netfilter/node.ts";
import type { Question, QuestionState } from "../netfilter/question.ts";
import { RequestError } from "./request-error.ts";
import type { PacketRequest } from "./trace-nodes.ts";

/** A packet in words, as the options of `iptlint trace` have it. */
export interface PacketOptions extends NodeOptions {
  readonly from?: string;
  readonly to: string;
  readonly in?: string;
  readonly out?: string;
  readonly local?: boolean;
  readonly state?: QuestionState;
  readonly mark?: string;
  readonly tcpFlags?: string;
  readonly affinity?: boolean;
}

/** The node in words. */
export interface NodeOptions {
  readonly nodeIp?: readonly string[];
  readonly route?: readonly string[];
}

/** Numbers as in /etc/protocols. */
const protocols: ReadonlyMap<string, number> = new Map([
  ["icmp", 1],
  ["tcp", 6],
  ["udp", 17],
  ["dccp", 33],
  ["gre", 47],
  ["esp", 50],
  ["ah", 51],
  ["ipv6-icmp", 58],
  ["icmpv6", 58],
  ["sctp", 132],
  ["udplite", 136],
]);
const withPorts: ReadonlySet<number> = new Set([6, 17, 33, 132, 136]);
const tcpFlagBits = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"];

/**
 * Reads the packet that was asked for.
 * @throws {RequestError} saying which option is wrong and how it reads
 */
export function readPacket(options: PacketOptions): PacketRequest {
  const { address, port, protocol, icmpType } = readDestination(options.to);
  const from = sourceOf(options, address.family);
  const source = from === null ? null : readSource(from, address.family);
  const question: Question = {
    family: address.family,
    source: source?.bits ?? null,
    destination: address.bits,
    protocol,
    ...(source?.port !== undefined && { sourcePort: source.port }),
    ...(port !== undefined && { destinationPort: port }),
    ...(icmpType !== undefined && { icmpType, icmpCode: 0 }),
    ...(options.in !== undefined && { inInterface: options.in }),
    ...(options.out !== undefined && { outInterface: options.out }),
    ...(options.local === true && { local: true }),
    ...(options.state !== undefined && { state: options.state }),
    ...(options.mark !== undefined && { mark: readMark(options.mark) }),
    ...(options.tcpFlags !== undefined && { tcpFlags: readFlags(options.tcpFlags) }),
    ...(options.affinity === true && { affinity: true }),
  };
  return {
    question,
    from: options.from ?? (from === null ? "this node" : `outside the cluster (${from})`),
    to: options.to,
  };
}

/** Where nothing is said: the node itself for its own packets, else an address that stands for any outside (RFC 5737, RFC 3849). */
function sourceOf({ from, local }: PacketOptions, family: Family): string | null {
  return from ?? (local === true ? null : family === 4 ? "203.0.113.77" : "2001:db8:ffff::77");
}

/** What was said of the node. */
export function readFacts(options: NodeOptions, family: Family, sets: NodeFacts["sets"] = new Map()): NodeFacts {
  const addresses = options.nodeIp?.map((text) => addressOf(text, "--node-ip"));
  return {
    ...NOTHING_KNOWN,
    ...(addresses !== undefined && {
      addresses: addresses.filter((address) => address.family === family).map(({ bits }) => bits),
    }),
    sets,
    routes: (options.route ?? []).flatMap((text) => readRoute(text, family)),
  };
}

function readRoute(text: string, family: Family): Route[] {
  const [network = "", name] = text.split("=");
  const read = addressMask.parse(network, { family });
  if (name === undefined || name === "" || !/^[0-9a-fA-F.:/]+$/.test(network)) {
    throw new RequestError(`--route ${text}: it reads CIDR=interface, such as 10.244.0.0/16=cni0`);
  }
  return "value" in read ? [{ bits: read.value.bits, mask: read.value.mask, interface: name }] : [];
}

function readDestination(text: string) {
  const [place = "", name = "tcp", ...rest] = text.split("/");
  const [protocolName = "", type] = name.split(":");
  const protocol =
    protocols.get(protocolName.toLowerCase()) ?? (/^\d{1,3}$/.test(protocolName) ? Number(protocolName) : undefined);
  const { bits, family, port } = readPlace(place, "--to");
  if (protocol === undefined || protocol > 255 || rest.length > 0)
    throw new RequestError(`--to ${text}: ${howToReads}`);
  if (port === undefined && withPorts.has(protocol)) throw new RequestError(`--to ${text} lacks a port: ${howToReads}`);
  const isIcmp = protocol === 1 || protocol === 58;
  if (type !== undefined && !(isIcmp && /^\d{1,3}$/.test(type))) throw new RequestError(`--to ${text}: ${howToReads}`);
  const icmpType = isIcmp ? Number(type ?? (family === 4 ? 8 : 128)) : undefined;
  return { address: { bits, family }, port, protocol, icmpType };
}

const howToReads = "it reads address:port/protocol, such as 192.0.2.10:30080/tcp, [fd00::1]:80/tcp or 10.0.0.1/icmp:8";

function readSource(text: string, family: Family) {
  const place = readPlace(text, "--from");
  if (place.family !== family) throw new RequestError(`--from ${text} and --to are of different IP versions`);
  return place;
}

/** `10.0.0.1`, `10.0.0.1:80`, `fd00::1`, `[fd00::1]:80` */
function readPlace(text: string, option: string): { bits: bigint; family: Family; port: number | undefined } {
  const bracketed = /^\[([^\]]*)\](?::(\d{1,5}))?$/.exec(text);
  const plain = /^([^:]*):(\d{1,5})$/.exec(text);
  const [host, port] = bracketed ? [bracketed[1], bracketed[2]] : plain ? [plain[1], plain[2]] : [text, undefined];
  const { bits, family } = addressOf(host ?? "", option, text);
  if (port !== undefined && Number(port) > 65535) throw new RequestError(`${option} ${text}: there is no port ${port}`);
  return { bits, family, port: port === undefined ? undefined : Number(port) };
}

function addressOf(text: string, option: string, whole = text): { bits: bigint; family: Family } {
  const address = readAddress(text, { family: null });
  if (address === null)
    throw new RequestError(`${option} ${whole}: ${text === "" ? "an address is missing" : `${text} is no IP address`}`);
  return address;
}

function readMark(text: string): number {
  if (!/^(?:0[xX][0-9a-fA-F]{1,8}|\d{1,10})$/.test(text) || Number(text) > 0xffffffff) {
    throw new RequestError(`--mark ${text}: it is a number, such as 0x4000`);
  }
  return Number(text);
}

function readFlags(text: string): number {
  let bits = 0;
  for (const name of text.split(",")) {
    const index = tcpFlagBits.indexOf(name.toUpperCase());
    if (index < 0) throw new RequestError(`--tcp-flags ${text}: flags are ${tcpFlagBits.join(", ")}`);
    bits |= 1 << index;
  }
  return bits;
}
