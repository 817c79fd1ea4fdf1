import { bytesOf } from "../../grammar/bytes.ts";
import { parse } from "../../grammar/parse.ts";
import { allMatches, allTargets } from "../../grammar/vocabulary/index.ts";
import type { Backend, ExtensionRecord, Family, OptionRecord } from "../../grammar/vocabulary/record.ts";
import { refusals } from "../../grammar/vocabulary/refuse.ts";
import type { Random } from "../kernel/random.ts";
import { Values } from "./generate-value.ts";

/** A rule that iptables should take, for a built-in chain of a table. */
export interface GeneratedRule {
  readonly table: string;
  readonly line: string;
}

/** Extensions that need what a bare kernel has not: sets, accounting objects, modules that few builds have. */
const NEEDS_MORE = new Set([
  "set",
  "SET",
  "nfacct",
  "ipvs",
  "osf",
  "rateest",
  "LED",
  "ULOG",
  "CLUSTERIP",
  "SECMARK",
  "QUEUE",
  "SYNPROXY",
  "realm",
]);

/** Options left out: they need files or objects, or are what the printer says that it does not follow. */
const NOT_ASKED = new Set([
  "--object-pinned",
  "--path",
  "--compres",
  "--localtz",
  "CT --timeout",
  "CT --helper",
  "--hmark-tuple",
  "--hmark-spi",
  "--hmark-sport",
  "--hmark-dport",
  "--gid-owner --suppl-groups",
  "--suppl-groups",
  "--contiguous",
]);

/** Extensions of which one option at a time is asked: iptables mixes up several (libip6t_srh.c). */
const ONE_AT_A_TIME = new Set(["srh"]);

const BUILT_IN: Readonly<Record<string, readonly string[]>> = {
  filter: ["INPUT", "FORWARD", "OUTPUT"],
  nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
  mangle: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
  raw: ["PREROUTING", "OUTPUT"],
  security: ["INPUT", "FORWARD", "OUTPUT"],
};

/** Makes rules out of the vocabulary that the back end should take. */
export class RuleMaker {
  readonly #random: Random;
  readonly #family: Family;
  readonly #backend: Backend;
  readonly #values: Values;
  readonly #matches: readonly ExtensionRecord[];
  readonly #targets: readonly ExtensionRecord[];

  constructor(random: Random, family: Family, backend: Backend) {
    this.#random = random;
    this.#family = family;
    this.#backend = backend;
    this.#values = new Values(random, family);
    const usable = ({ name, family: only }: ExtensionRecord): boolean =>
      !NEEDS_MORE.has(name) && (only ?? family) === family;
    this.#matches = allMatches.filter(usable);
    this.#targets = allTargets.filter(usable);
  }

  /** A rule that the vocabulary has nothing against. */
  rule(): GeneratedRule {
    for (;;) {
      const made = this.#try();
      const node = parse(bytesOf(`${made.line}\n`), { values: false }).node(0);
      if (node.kind !== "rule") throw new Error(`${made.line} is ${node.kind}`);
      const context = { family: this.#family, backend: this.#backend, table: made.table, release: 10809 };
      if (refusals(node, context).length === 0) return made;
    }
  }

  #try(): GeneratedRule {
    const random = this.#random;
    const target = random.chance(0.6) ? random.pick(this.#targets) : null;
    const table = random.pick(target?.tables ?? ["filter", "mangle", "security"]);
    const chains = BUILT_IN[table] as readonly string[];
    const allowed = target?.chains?.filter((chain) => chains.includes(chain)) ?? chains;
    const chain = random.pick(allowed.length > 0 ? allowed : chains);
    let protocols = target?.protocols;
    const parts: string[] = [];
    const used = new Set<string>();
    for (let n = random.below(4); n > 0; n--) {
      const match = random.pick(this.#matches);
      const shared = match.protocols?.filter((name) => protocols === undefined || protocols.includes(name));
      if (used.has(match.name) || shared?.length === 0) continue;
      used.add(match.name);
      protocols = shared ?? protocols;
      parts.push(`-m ${match.name}${this.#options(match)}`);
    }
    const core = this.#core(chain);
    const protocol = protocols === undefined ? this.#anyProtocol() : random.pick(protocols);
    const words = ["-A", chain, ...core, ...(protocol === null ? [] : ["-p", protocol]), ...parts];
    if (target !== null) words.push(`-j ${target.name}${this.#options(target)}`);
    return { table, line: words.join(" ") };
  }

  #anyProtocol(): string | null {
    return this.#random.chance(0.3) ? this.#random.pick(["tcp", "udp", "gre", "112", "253"]) : null;
  }

  #core(chain: string): string[] {
    const random = this.#random;
    const words: string[] = [];
    const add = (flag: string, codec: string, chance: number): void => {
      if (random.chance(chance)) words.push(...(random.chance(0.2) ? ["!"] : []), flag, this.#values.of(codec));
    };
    add(random.pick(["-s", "--source"]), "address-mask", 0.3);
    add(random.pick(["-d", "--dst"]), "address-mask", 0.3);
    if (!["OUTPUT", "POSTROUTING"].includes(chain)) add("-i", "interface", 0.2);
    if (!["INPUT", "PREROUTING"].includes(chain)) add("-o", "interface", 0.2);
    return words;
  }

  #options({ name, options, requiresOneOf = [] }: ExtensionRecord): string {
    const wanted = new Set(requiresOneOf.map((group) => this.#random.pick(group)));
    if (name === "ipcomp") wanted.add("--ipcompspi");
    if (name === "statistic") wanted.add("--probability");
    if (name === "connlimit" && this.#random.chance(0.5)) wanted.add("--connlimit-mask");
    const given: OptionRecord[] = [];
    for (const option of this.#shuffled(options)) {
      const { flag, mandatory, excludes = [] } = option;
      if (
        NOT_ASKED.has(flag) ||
        NOT_ASKED.has(`${name} ${flag}`) ||
        (option.family ?? this.#family) !== this.#family ||
        option.obsolete
      )
        continue;
      const needed = mandatory === true || wanted.has(flag);
      const more = !ONE_AT_A_TIME.has(name) || given.length === 0;
      if (!needed && (!more || !this.#random.chance(0.4) || excludes.some((other) => wanted.has(other)))) continue;
      if (given.some((other) => other.excludes?.includes(flag) || excludes.includes(other.flag))) continue;
      given.push(option);
    }
    return given.map((option) => ` ${this.#spell(option)}`).join("");
  }

  #spell({ flag, aliases = [], negatable, codecs }: OptionRecord): string {
    const spelling = this.#random.pick([flag, flag, ...aliases]);
    const values = codecs.map(({ name }) => this.#values.of(name));
    return [...(negatable && this.#random.chance(0.2) ? ["!"] : []), spelling, ...values].join(" ");
  }

  #shuffled<T>(list: readonly T[]): T[] {
    const shuffled = [...list];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = this.#random.below(i + 1);
      [shuffled[i], shuffled[j]] = [shuffled[j] as T, shuffled[i] as T];
    }
    return shuffled;
  }
}
