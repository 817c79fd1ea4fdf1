import { byteString } from "../../../grammar/bytes.ts";
import { type ChainId, NONE, type RuleId } from "../../netfilter/ruleset.ts";
import type { RuleStore } from "../../netfilter/store.ts";
import { hostOf, hostPrefix, portNumber, splitAddress } from "../address-text.ts";
import { isCopy, QUOTE, SPACE } from "../read/line-bytes.ts";
import type { MapSource } from "../read/map-source.ts";
import type { ServicePort } from "../service-port.ts";

const ROLES = ["svc", "svl", "ext", "fw", "xlb"] as const;

/** What a value is; each may be another one in each Service port, and is the same wherever it stands in the rules of one. */
type Kind = "name" | "chain" | "port" | "host" | "address";

/** Rules of a Service port, those for it in shared chains first, then those of its own chains and of its endpoints'. */
export interface Layout {
  readonly rules: readonly RuleId[];
  /** Chains, numbers of rules, forms of the shared ones: only Service ports of one build can be alike. `null`: it is like no other. */
  readonly build: string | null;
}

/** kube-proxy writes two or three rules for an endpoint. A chain with more, which many Service ports may lead to, is looked at elsewhere. */
const MOST_ENDPOINT_RULES = 8;

export function layoutOf(port: ServicePort, store: RuleStore): Layout {
  const rules = [...new Set(port.sharedRules)].sort((a, b) => a - b);
  const counts = rules.map((rule) => `${store.chainOf(rule)}.${store.shapeId(rule)}`);
  const add = (chain: ChainId, most = Number.POSITIVE_INFINITY): boolean => {
    const before = rules.length;
    for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule))
      if (rules.push(rule) - before > most) return false;
    counts.push(String(rules.length - before));
    return true;
  };
  for (const role of ROLES) {
    const chain = port.chain(role);
    if (chain === NONE) counts.push("-");
    else add(chain);
  }
  for (const chain of port.endpointChains()) if (!add(chain, MOST_ENDPOINT_RULES)) return { rules: [], build: null };
  return { rules, build: counts.join(" ") };
}

/** A piece of a line: text that others have, too, or a value. */
interface Piece {
  readonly start: number;
  readonly end: number;
  /** Number of the value; `NONE`: what stands there is no value of the Service port's own. */
  readonly value: number;
}

/** The text of a line in pieces, and the form of its rule. */
interface Line {
  readonly shape: number;
  readonly chain: ChainId;
  readonly pieces: readonly Piece[];
}

/**
 * A Service port that was compared rule by rule and is as kube-proxy writes it. What kube-proxy writes for another one differs in names,
 * addresses and ports alone, as long as it is built the same way; so does what is read out of its rules. One whose lines are those of the
 * exemplar, with other values that are the same at each place, is as kube-proxy writes it, too.
 */
export class Exemplar {
  readonly #store: RuleStore;
  readonly #lines: readonly Line[];
  /** By number of a value. */
  readonly #kinds: readonly Kind[];
  /** Numbers of an endpoint's address and of the same without the port. */
  readonly #pairs: readonly (readonly [number, number])[];
  /** Where the values of the one that is looked at stand; `NONE`: it was not met yet. */
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;

  /** `null` for one whose own values are not known in full. */
  static of(port: ServicePort, { rules }: Layout, source: MapSource): Exemplar | null {
    const { endpoints, ruleset } = source;
    const hosts = new Set(port.frontends.flatMap(({ ip }) => (ip === null ? [] : [hostPrefix(ip)])));
    const pairs: [string, string][] = [];
    const chains = new Set<string>();
    for (const chain of port.endpointChains()) {
      const address = endpoints.address(chain);
      const parts = address === null ? null : splitAddress(address);
      if (address === null || parts === null) return null;
      pairs.push([address, hostPrefix(parts.ip)]);
      chains.add(ruleset.chainName(chain));
    }
    for (const role of ROLES) {
      const chain = port.chain(role);
      if (chain === NONE) continue;
      // nobody has looked into a chain that no rule leads to
      if (ruleset.callers(chain).length === 0) return null;
      chains.add(ruleset.chainName(chain));
    }
    return port.name === null ? null : new Exemplar(rules, ruleset.store, { hosts, pairs, chains, name: port.name });
  }

  private constructor(rules: readonly RuleId[], store: RuleStore, own: OwnTexts) {
    const reader = new Reader(store, own);
    this.#store = store;
    this.#lines = rules.map((rule) => reader.line(rule));
    this.#kinds = reader.kinds;
    this.#pairs = own.pairs.flatMap(([address, host]) => {
      const [one, other] = [reader.number("address", address), reader.number("host", host)];
      return one === NONE || other === NONE ? [] : [[one, other] as const];
    });
    this.#starts = new Int32Array(this.#kinds.length);
    this.#ends = new Int32Array(this.#kinds.length);
  }

  /** Whether the rules of another Service port of the same build are the same but for its own values. False: perhaps. */
  isLike({ name }: ServicePort, { rules }: Layout): boolean {
    if (name === null) return false;
    this.#starts.fill(NONE);
    for (let i = 0; i < rules.length; i++) if (!this.#hasLine(rules[i] as RuleId, this.#lines[i] as Line)) return false;
    return this.#areSound(name);
  }

  #hasLine(rule: RuleId, { shape, chain, pieces }: Line): boolean {
    const { bytes } = this.#store;
    if (shape < 0 || this.#store.shapeId(rule) !== shape || this.#store.isRefused(rule)) return false;
    if (chain !== NONE && this.#store.chainOf(rule) !== chain) return false;
    const lineEnd = this.#store.lineEnd(rule);
    let at = this.#store.commandStart(rule);
    for (let i = 0; i < pieces.length; i++) {
      const { start, end, value } = pieces[i] as Piece;
      if (value === NONE) {
        if (!isCopy(bytes, start, end, at)) return false;
        at += end - start;
        continue;
      }
      const from = at;
      at = tokenEnd(bytes, from, lineEnd);
      const known = this.#starts[value] as number;
      if (known === NONE) {
        this.#starts[value] = from;
        this.#ends[value] = at;
      } else if ((this.#ends[value] as number) - known !== at - from || !isCopy(bytes, from, at, known)) return false;
    }
    return at === lineEnd;
  }

  /** Whether the values are what they have to be. */
  #areSound(name: string): boolean {
    const hosts = new Set<string>();
    for (let value = 0; value < this.#kinds.length; value++) {
      const text = this.#text(value);
      switch (this.#kinds[value]) {
        case "name":
          if (text !== name) return false;
          break;
        case "port":
          if (text.startsWith("0") || portNumber(text) === null) return false;
          break;
        case "host":
          if (!text.includes("/") || hostOf(text) === null || hosts.has(text)) return false;
          hosts.add(text);
          break;
        case "address":
          if (splitAddress(text) === null) return false;
          break;
        default:
      }
    }
    for (const [address, host] of this.#pairs)
      if (hostPrefix(splitAddress(this.#text(address))?.ip ?? "") !== this.#text(host)) return false;
    return true;
  }

  #text(value: number): string {
    return byteString(this.#store.bytes, this.#starts[value] as number, this.#ends[value] as number);
  }
}

/** What is the exemplar's own, as its rules print it. */
interface OwnTexts {
  readonly name: string;
  readonly chains: ReadonlySet<string>;
  readonly hosts: ReadonlySet<string>;
  /** Addresses of endpoints, and the same without the port. */
  readonly pairs: readonly (readonly [string, string])[];
}

/** Takes the lines of an exemplar apart and numbers its values. */
class Reader {
  readonly kinds: Kind[] = [];
  readonly #store: RuleStore;
  readonly #own: OwnTexts;
  readonly #addresses: ReadonlySet<string>;
  readonly #hosts: ReadonlySet<string>;
  readonly #numbers = new Map<string, number>();

  constructor(store: RuleStore, own: OwnTexts) {
    this.#store = store;
    this.#own = own;
    this.#addresses = new Set(own.pairs.map(([address]) => address));
    this.#hosts = new Set([...own.hosts, ...own.pairs.map(([, host]) => host)]);
  }

  /** Number of a value that was met; `NONE` of another one. */
  number(kind: Kind, text: string): number {
    return this.#numbers.get(`${kind} ${text}`) ?? NONE;
  }

  line(rule: RuleId): Line {
    const { bytes } = this.#store;
    const lineEnd = this.#store.lineEnd(rule);
    const pieces: Piece[] = [];
    let before = "";
    let start = this.#store.commandStart(rule);
    for (let at = start; at < lineEnd; ) {
      const end = tokenEnd(bytes, at, lineEnd);
      if (end === at) {
        at++;
        continue;
      }
      const text = byteString(bytes, at, end);
      const kind = this.#kindOf(text, before);
      if (kind !== null) {
        if (start < at) pieces.push({ start, end: at, value: NONE });
        pieces.push({ start: at, end, value: this.#numbered(kind, text) });
        start = end;
      }
      before = text;
      at = end;
    }
    if (start < lineEnd) pieces.push({ start, end: lineEnd, value: NONE });
    const chain = this.#store.chainOf(rule);
    const isOwn = this.#own.chains.has(this.#store.chainName(chain));
    return { shape: this.#store.shapeId(rule), chain: isOwn ? NONE : chain, pieces };
  }

  /** `null`: it is the same in all Service ports that are alike. */
  #kindOf(text: string, before: string): Kind | null {
    if (before === "--dport") return portNumber(text) === null ? null : "port";
    if (this.#own.chains.has(text)) return "chain";
    if ((before === "-s" || before === "-d") && this.#hosts.has(text)) return "host";
    if ((before === "--to-destination" || before === "->") && this.#addresses.has(text)) return "address";
    return text === this.#own.name ? "name" : null;
  }

  #numbered(kind: Kind, text: string): number {
    const key = `${kind} ${text}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.kinds.length);
    return this.kinds.push(kind) - 1;
  }
}

/** Behind a token: up to a blank, a quote, or the end of the line. */
function tokenEnd(bytes: Uint8Array, start: number, lineEnd: number): number {
  let at = start;
  while (at < lineEnd && (bytes[at] as number) > SPACE && bytes[at] !== QUOTE) at++;
  return at;
}
