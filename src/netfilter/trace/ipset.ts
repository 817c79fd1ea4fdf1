import { allBits, maskOf, readAddress } from "../../../grammar/values/address.ts";
import { protocolNumberOf } from "../../../grammar/values/protocol.ts";
import type { SetDirections } from "../../../grammar/values/types.ts";
import type { Family } from "../../../grammar/vocabulary/record.ts";
import type { Packet } from "../packet.ts";

/** A set of `ipset save`. */
export interface IpSet {
  readonly name: string;
  /** Whether the set holds what the directions pick from the packet; `null` when that is not known. */
  contains(directions: SetDirections, packet: Packet, sets: ReadonlyMap<string, IpSet>): boolean | null;
}

/** What was read, and what was not understood. */
export interface IpSets {
  readonly sets: ReadonlyMap<string, IpSet>;
  readonly problems: readonly { readonly line: number; readonly expected: string }[];
}

type Part = "ip" | "net" | "port" | "mac" | "mark" | "iface" | "set";
const PARTS: ReadonlySet<string> = new Set<Part>(["ip", "net", "port", "mac", "mark", "iface", "set"]);

/** Reads what `ipset save` prints: `create NAME TYPE …` and `add NAME ENTRY …` lines. Byte string. */
export function readIpSets(text: string): IpSets {
  const sets = new Map<string, AnySet>();
  const problems: { line: number; expected: string }[] = [];
  let line = 0;
  for (const raw of text.split("\n")) {
    line++;
    const words = raw.trim().split(/\s+/);
    const [command, name, what] = words;
    if (command === "" || command?.startsWith("#") || command === "COMMIT" || command === "flush") continue;
    const expected =
      name === undefined || what === undefined
        ? "create or add, a name and a type or entry"
        : command === "create" || command === "-N"
          ? create(sets, name, what, words)
          : command === "add" || command === "-A"
            ? add(sets, name, what, words)
            : "a line that begins with create or add";
    if (expected !== null) problems.push({ line, expected });
  }
  return { sets, problems };
}

type AnySet = TupleSet | ListSet;

function create(sets: Map<string, AnySet>, name: string, type: string, words: readonly string[]): string | null {
  const parts = (type.split(":")[1] ?? "").split(",");
  if (!parts.every((part) => PARTS.has(part))) return "a type of set, such as hash:ip,port";
  if (parts[0] === "set") {
    sets.set(name, new ListSet(name));
    return null;
  }
  const family = words[words.indexOf("family") + 1] === "inet6" ? 6 : 4;
  const netmask = words.includes("netmask") ? Number(words[words.indexOf("netmask") + 1]) : null;
  sets.set(name, new TupleSet(name, parts as Part[], family, netmask));
  return null;
}

function add(sets: Map<string, AnySet>, name: string, entry: string, words: readonly string[]): string | null {
  const set = sets.get(name);
  if (set === undefined) return `a set ${name} that was created before`;
  return set.add(entry, words.includes("nomatch"));
}

/** list:set */
class ListSet implements IpSet {
  readonly name: string;
  readonly #members: string[] = [];

  constructor(name: string) {
    this.name = name;
  }

  add(member: string): null {
    this.#members.push(member);
    return null;
  }

  contains(directions: SetDirections, packet: Packet, sets: ReadonlyMap<string, IpSet>): boolean | null {
    let known: boolean | null = false;
    for (const member of this.#members) {
      const set = sets.get(member);
      // sets of sets do not hold sets of sets
      const found = set === undefined || set instanceof ListSet ? null : set.contains(directions, packet, sets);
      if (found === true) return true;
      if (found === null) known = null;
    }
    return known;
  }
}

/** Both ends included; of addresses, ports and marks. `protocol` belongs to a port. */
interface Range {
  readonly from: bigint;
  readonly to: bigint;
  readonly protocol: number | null;
  readonly text: string;
}

interface Entry {
  readonly ranges: readonly Range[];
  readonly excepted: boolean;
}

/** Entries by their first part: those that are aligned blocks by size and beginning, all others in a list. */
class TupleSet implements IpSet {
  readonly name: string;
  readonly #parts: readonly Part[];
  readonly #family: Family;
  readonly #netmask: bigint | null;
  readonly #blocks = new Map<bigint, Map<bigint, Entry[]>>();
  readonly #others: Entry[] = [];

  constructor(name: string, parts: readonly Part[], family: Family, netmask: number | null) {
    this.name = name;
    this.#parts = parts;
    this.#family = family;
    const isPrefix =
      netmask !== null && Number.isInteger(netmask) && netmask >= 0 && netmask <= (family === 4 ? 32 : 128);
    this.#netmask = isPrefix ? maskOf(netmask, family) : null;
  }

  add(text: string, excepted: boolean): string | null {
    const words = text.split(",");
    if (words.length !== this.#parts.length) return `${this.#parts.length} parts with commas between`;
    const ranges: Range[] = [];
    for (const [k, part] of this.#parts.entries()) {
      const range = this.#read(part, words[k] as string);
      if (range === null) return `an entry of the form ${this.#parts.join(",")}`;
      ranges.push(range);
    }
    const entry = { ranges, excepted };
    const { from, to } = ranges[0] as Range;
    const size = to - from;
    if ((size & (size + 1n)) !== 0n || (from & size) !== 0n) this.#others.push(entry);
    else {
      const blocks = this.#blocks.get(size) ?? new Map<bigint, Entry[]>();
      this.#blocks.set(size, blocks);
      const alike = blocks.get(from);
      if (alike === undefined) blocks.set(from, [entry]);
      else alike.push(entry);
    }
    return null;
  }

  contains(directions: SetDirections, packet: Packet): boolean | null {
    if (packet.family !== this.#family && this.#parts.some((part) => part === "ip" || part === "net")) return false;
    // an entry is looked up by as many parts as the rule names
    const values = this.#parts.map((part, k) => this.#value(part, directions[k], packet));
    const [first] = values;
    if (first === undefined || directions.length < this.#parts.length) return null;
    const candidates: Entry[] = [...this.#others];
    if (typeof first !== "bigint") return this.#blocks.size + this.#others.length === 0 ? false : null;
    for (const [size, blocks] of this.#blocks)
      for (const entry of blocks.get(first & ~size) ?? []) candidates.push(entry);
    let best: Entry | null = null;
    let unsure = false;
    for (const entry of candidates) {
      const fits = entry.ranges.map((range, k) => lies(values[k] ?? null, range, packet));
      if (fits.includes(false)) continue;
      if (fits.includes(null)) unsure = true;
      else if (best === null || isNarrower(entry, best)) best = entry;
    }
    // the narrowest entry decides, and one that is not known might be it
    if (unsure) return null;
    return best !== null && !best.excepted;
  }

  #read(part: Part, text: string): Range | null {
    if (part === "port") return readPorts(text);
    if (part === "mark") {
      if (!/^(?:0x[0-9a-f]{1,8}|\d{1,10})$/i.test(text)) return null;
      return { from: BigInt(text), to: BigInt(text), protocol: null, text };
    }
    if (part === "mac" || part === "iface" || part === "set") return { from: 0n, to: 0n, protocol: null, text };
    return this.#addresses(text);
  }

  #addresses(text: string): Range | null {
    const context = { family: this.#family };
    const [network = "", prefix] = text.split("/");
    const [low = "", high = low] = network.split("-");
    const from = readAddress(low, context)?.bits;
    const to = readAddress(high, context)?.bits;
    const width = this.#family === 4 ? 32 : 128;
    if (from === undefined || to === undefined) return null;
    // a set that keeps networks only masks what is added, too
    const kept = this.#netmask ?? allBits(this.#family);
    if (prefix === undefined) return { from: from & kept, to: to & kept, protocol: null, text };
    if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > width) return null;
    const mask = maskOf(Number(prefix), this.#family);
    return { from: from & mask, to: (from & mask) | (allBits(this.#family) ^ mask), protocol: null, text };
  }

  /** What a packet is looked up by: a number, a name, or `null` when it is not known. */
  #value(part: Part, direction: "src" | "dst" | undefined, packet: Packet): bigint | string | null {
    const isSource = direction === "src";
    if (part === "iface") return (isSource ? packet.inInterface : packet.outInterface) ?? null;
    if (part === "mark") return packet.mark.known === 0xffffffff ? BigInt(packet.mark.value) : null;
    if (part === "port") {
      const port = isSource ? packet.sourcePort : packet.destinationPort;
      return typeof port === "number" ? BigInt(port) : null;
    }
    if (part === "mac" || part === "set") return null;
    const address = isSource ? packet.source : packet.destination;
    if (typeof address !== "bigint") return null;
    return this.#netmask === null ? address : address & this.#netmask;
  }
}

/** `80`, `tcp:80`, `udp:1000-2000`; without a protocol it is tcp's (sets of ports alone: any). */
function readPorts(text: string): Range | null {
  const [, name, from, to = from] = /^(?:([a-z0-9-]+):)?(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  if (from === undefined || to === undefined) {
    // ICMP types and protocols without ports are not compared
    return /^[a-z0-9-]+:/.test(text) ? { from: -1n, to: -1n, protocol: null, text } : null;
  }
  const protocol = name === undefined ? null : (protocolNumberOf(name) ?? Number(name));
  return { from: BigInt(from), to: BigInt(to), protocol, text };
}

function lies(value: bigint | string | null, { from, to, protocol, text }: Range, packet: Packet): boolean | null {
  if (typeof value === "string") return value === text;
  if (value === null || from < 0n) return protocol !== null && packet.protocol !== protocol ? false : null;
  if (protocol !== null && packet.protocol !== protocol) return false;
  return from <= value && value <= to;
}

/** By the sizes of their networks, the first one first (net/netfilter/ipset/ip_set_hash_gen.h). */
function isNarrower(left: Entry, right: Entry): boolean {
  for (const [k, range] of left.ranges.entries()) {
    const other = right.ranges[k] as Range;
    const difference = range.to - range.from - (other.to - other.from);
    if (difference !== 0n) return difference < 0n;
  }
  return false;
}
