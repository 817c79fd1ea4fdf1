import { nearest } from "../../grammar/nearest.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import { type ChainId, NONE } from "../netfilter/ruleset.ts";
import { BUILT_IN } from "../netfilter/table.ts";
import { type BrokenLine, brokenLine } from "./broken-lines.ts";
import type { Spot } from "./check.ts";
import type { Context } from "./context.ts";
import type { Reported } from "./one-cause.ts";

/** What is found where a rule or a chain is not there. */
const OF_WHAT_IS_MISSING: ReadonlySet<string> = new Set([
  "empty-service-chain",
  "endpoint-without-dnat",
  "incomplete-affinity",
  "incomplete-notrack",
  "incomplete-aws-connmark",
  "empty-chain-jump",
  "idle-kube-proxy-rules",
  "markless-mark-chain",
  "mark-mismatch",
  "missing-canary",
  "missing-cluster-endpoint",
  "missing-final-endpoint",
  "missing-hairpin-mark",
  "missing-hook",
  "missing-invalid-drop",
  "missing-kube-proxy-rule",
  "missing-martian-guard",
  "missing-masquerade",
  "missing-masquerade-mark",
  "mixed-local-detector",
  "never-applies-at-hook",
  "no-local-endpoints",
  "node-port-bypasses-source-ranges",
  "node-ports-not-last",
  "open-source-ranges",
  "refused-but-forwarded",
  "service-without-endpoints",
  "skewed-endpoint-shares",
  "unexpected-kube-proxy-rule",
  "unhooked-host-ports",
  "unreachable-endpoint",
  "unreferenced-chain",
  "unreferenced-service-chain",
  "unwanted-masquerade-mark",
  "misdirected-endpoint",
]);

/**
 * Tells what follows from lines that could not be read: one broken line is one finding. A rule that is missing, a chain that nobody
 * jumps to, a share that is off are not told again where a line stood that may have been that rule; everything else is.
 */
export class Consequences {
  readonly #context: Context;
  readonly #byNode = new Map<number, BrokenLine>();
  readonly #byChain = new Map<ChainId, BrokenLine>();
  readonly #byPort = new Map<ServicePort, BrokenLine>();
  /** Of a chain that many have rules in. */
  readonly #shared = new Map<ChainId, BrokenLine[]>();
  /** Lines that stood in a chain that many have rules in, for whom is not to be read; or in an unknown chain. */
  readonly #open = new Set<BrokenLine>();
  readonly #declarations = new Set<BrokenLine>();

  constructor(context: Context, lines: readonly BrokenLine[]) {
    this.#context = context;
    for (const line of lines) if (context.ruleset.tables.includes(line.table)) this.#add(line);
  }

  #add(line: BrokenLine): void {
    const { chain, others, text } = line;
    this.#byNode.set(line.node, line);
    if (/^\W{0,2}:|^\S+ (?:-|ACCEPT|DROP) \[/.test(text)) this.#declarations.add(line);
    const named = [chain, ...others].filter((each) => each !== NONE && !this.#isShared(each));
    for (const each of named) {
      this.#byChain.set(each, line);
      const port = this.#context.portOf(each);
      if (port !== null) this.#byPort.set(port, line);
    }
    if (chain === NONE || !this.#isShared(chain)) {
      if (chain === NONE) this.#open.add(line);
      return;
    }
    const before = this.#shared.get(chain);
    if (before === undefined) this.#shared.set(chain, [line]);
    else before.push(line);
    if (named.some((each) => this.#context.portOf(each) !== null)) return;
    const all = this.#context.services.servicePorts;
    const byName = all.filter(({ id }) => id !== null && line.words.includes(id));
    const ports = byName.length > 0 ? byName : all.filter((port) => isAddressed(port, line));
    for (const port of ports) this.#byPort.set(port, line);
    if (ports.length === 0) this.#open.add(line);
  }

  /** Parts what was reported: what stays, and what follows from a broken line. */
  part(reported: readonly Reported[]): { kept: readonly Reported[]; explained: ReadonlyMap<Reported, BrokenLine> } {
    const explained = new Map<Reported, BrokenLine>();
    const misnamed = this.#addMisnamed(reported);
    if (this.#byNode.size === 0) return { kept: reported, explained };
    for (const each of reported) {
      if (misnamed.has(each)) continue;
      const line = this.#explain(each);
      if (line !== null) explained.set(each, line);
    }
    for (const line of this.#open) {
      const left = reported.filter((each) => !explained.has(each) && !misnamed.has(each));
      for (const each of this.#likeliest(line, left)) explained.set(each, line);
    }
    return { kept: reported.filter((each) => !explained.has(each)), explained };
  }

  /** A name that stands once in the text and is declared nowhere was garbled or cut: the rule is broken, and that is said of it. */
  #addMisnamed(reported: readonly Reported[]): ReadonlySet<Reported> {
    const { store } = this.#context;
    const found = new Set<Reported>();
    let seen = 0;
    for (const each of reported) {
      const { check, draft } = each;
      if (check.id !== "undeclared-chain" || !("rule" in draft.at) || seen++ >= MOST_MISNAMED) continue;
      const { rule } = draft.at;
      const chain =
        [store.targetChain(rule), store.chainOf(rule)].find((at) => at !== NONE && !store.isDeclared(at)) ?? NONE;
      const first = store.firstRule(chain);
      const uses = store.callers(chain).length + (first === NONE ? 0 : store.nextRule(first) === NONE ? 1 : 2);
      this.#addMisdeclared(chain);
      if (uses !== 1 || this.#byNode.has(store.node(rule)) || this.#declarationOf(draft.at) !== null) continue;
      const line = brokenLine(store, store.tableOf(chain), store.node(rule));
      this.#add({ ...line, others: [...line.others, chain] });
      found.add(each);
    }
    return found;
  }

  /** A chain that nobody uses, of nearly the name of one that is declared nowhere: its declaration was garbled. */
  #addMisdeclared(chain: ChainId): void {
    const { store } = this.#context;
    const table = store.tableOf(chain);
    const name = store.chainName(chain);
    const unused = table.chains
      .filter((each) => store.firstRule(each) === NONE && store.callers(each).length === 0)
      .map((each) => store.chainName(each));
    const garbled = nearest(name, unused) ?? unused.find((each) => name.startsWith(each));
    const found = garbled === undefined ? NONE : store.chainNamed(table, garbled);
    if (found !== NONE) this.#add(brokenLine(store, table, store.declaration(found)));
  }

  #explain({ check, draft }: Reported): BrokenLine | null {
    const { store } = this.#context;
    const own = "rule" in draft.at ? this.#byNode.get(store.node(draft.at.rule)) : undefined;
    if (own !== undefined) return own;
    if (check.id === "missing-canary") return [...this.#declarations][0] ?? null;
    if (check.id === "undeclared-chain") return this.#declarationOf(draft.at);
    if (!OF_WHAT_IS_MISSING.has(check.id)) return null;
    const chains = [draft.at, ...(draft.related ?? []).map(({ at }) => at)].flatMap((spot) => this.#chainsAt(spot));
    const missing = draft.missing ?? [];
    for (const chain of chains) {
      const line = this.#byChain.get(chain) ?? this.#byPort.get(this.#context.portOf(chain) ?? NOBODY);
      if (line !== undefined && this.#mayLack(line, missing)) return line;
    }
    const port = draft.servicePort ?? null;
    if (port !== null) {
      for (const [each, line] of this.#byPort) if (each.id === port && this.#mayLack(line, missing)) return line;
      // of a Service to which no rule leads any more the line may be all that names it
      for (const lines of this.#shared.values()) for (const line of lines) if (line.words.includes(port)) return line;
      return null;
    }
    return this.#ofShared(chains, missing);
  }

  /** Whether one of the rules that are missing may have been the line: it stands in the line's chain, or names one that the line names. */
  #mayLack({ chain, others }: BrokenLine, missing: readonly string[]): boolean {
    if (missing.length === 0 || chain === NONE) return true;
    const { store } = this.#context;
    const names = [chain, ...others].map((each) => store.chainName(each));
    return missing.some((rule) => names.some((name) => rule.includes(` ${name} `) || rule.endsWith(` ${name}`)));
  }

  /** What is missing of the rules that stand once on a node. */
  #ofShared(chains: readonly ChainId[], missing: readonly string[]): BrokenLine | null {
    const { store } = this.#context;
    for (const [chain, lines] of this.#shared) {
      const [line] = lines;
      const own = missing.filter((rule) => rule.startsWith(`-A ${store.chainName(chain)} `));
      const isOwn = missing.length === 0 ? chains.includes(chain) : own.length === missing.length;
      if (line !== undefined && isOwn && missing.length <= lines.length) return line;
    }
    return null;
  }

  /** The broken line that may have declared the chain. */
  #declarationOf(at: Spot): BrokenLine | null {
    for (const chain of this.#chainsAt(at)) {
      if (this.#context.store.isDeclared(chain)) continue;
      const name = this.#context.store.chainName(chain);
      for (const line of this.#declarations) {
        const cut = (line.words[0] ?? "").replace(/^\W*:/, "");
        const isPart = name.startsWith(cut) || (cut.length >= 4 && name.endsWith(cut));
        if (isPart || line.text.includes(name) || nearest(cut, [name]) !== null) return line;
      }
    }
    return null;
  }

  /** What one Service lacks, that may best have been the line. */
  #likeliest(line: BrokenLine, left: readonly Reported[]): readonly Reported[] {
    const { store } = this.#context;
    const chains = line.chain === NONE ? line.nearby : [line.chain];
    const names = chains.map((chain) => store.chainName(chain));
    const groups = new Map<string, { score: number; members: Reported[] }>();
    for (const each of left) {
      const { check, draft } = each;
      if (!OF_WHAT_IS_MISSING.has(check.id) || (draft.severity ?? check.severity) === "info") continue;
      const missing = (draft.missing ?? []).filter((rule) => names.some((name) => rule.startsWith(`-A ${name} `)));
      if ("rule" in draft.at && chains.includes(store.chainOf(draft.at.rule))) missing.push(store.text(draft.at.rule));
      if (
        missing.length === 0 &&
        !(check.id === "unreferenced-service-chain" && chains.some((chain) => this.#isShared(chain)))
      )
        continue;
      const key = draft.servicePort ?? `${check.id} ${this.#chainsAt(draft.at).join(" ")}`;
      const group = groups.get(key) ?? { score: 0, members: [] };
      group.members.push(each);
      group.score = Math.max(group.score, ...missing.map((rule) => alike(rule, line.text)));
      groups.set(key, group);
    }
    let best: { score: number; members: Reported[] } | null = null;
    for (const group of groups.values()) if (best === null || group.score > best.score) best = group;
    return best?.members ?? [];
  }

  #chainsAt(at: Spot): ChainId[] {
    const { store } = this.#context;
    if ("chain" in at) return [at.chain];
    return "rule" in at ? [store.chainOf(at.rule), store.targetChain(at.rule)].filter((chain) => chain !== NONE) : [];
  }

  #isShared(chain: ChainId): boolean {
    const { store } = this.#context;
    const table = store.tableOf(chain).name;
    return this.#context.role(chain)?.includes(" ") === true || BUILT_IN[table].includes(store.chainName(chain));
  }
}

/** A text with more is put together from parts. */
const MOST_MISNAMED = 20;
const NOBODY = {} as ServicePort;

/** Whether the line has one of the Service port's addresses with its port. */
function isAddressed(port: ServicePort, { words }: BrokenLine): boolean {
  return port.frontends.some(
    ({ ip, port: number }) =>
      ip !== null && words.some((word) => word.startsWith(`${ip}/`)) && words.includes(String(number)),
  );
}

/** So many characters are the same at the beginning and at the end. */
function alike(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let before = 0;
  while (before < most && a[before] === b[before]) before++;
  let behind = 0;
  while (behind < most - before && a[a.length - 1 - behind] === b[b.length - 1 - behind]) behind++;
  return before + behind;
}
