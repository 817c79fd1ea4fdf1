import { type ChainId, NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { TableName } from "../netfilter/table.ts";
import { hostOf } from "./address-text.ts";
import type { ServiceChainRole } from "./chain-name.ts";
import type { Deviations, MissingRule, UnexpectedRule } from "./deviation.ts";
import { decidingFacts, writableNode } from "./meant.ts";
import { roleNumber } from "./read/claimed-rules.ts";
import type { ServiceMap } from "./service-map-of.ts";
import type { ServicePort } from "./service-port.ts";
import { isHookRole, type Role, type Slot } from "./templates/slot.ts";
import { type Claim, claimOf, slotOf, slots, slotsByRole, UNEXPECTED } from "./templates/slots.ts";
import type { Values } from "./templates/template.ts";
import { serviceContext, type WritableNode, type WrittenRule, writeNode, writeServicePort } from "./write-rules.ts";

/**
 * How the rules differ from those that kube-proxy would have written for the Service ports that they show. Of an excerpt only rules
 * that kube-proxy never writes are told, unless `asIfWhole` takes every chain of which it has a rule for complete.
 */
export function deviationsOf(
  map: ServiceMap,
  { asIfWhole = false }: { readonly asIfWhole?: boolean } = {},
): Deviations {
  const search = new Search(map, asIfWhole);
  search.formless();
  search.contradictions();
  // A text without its ports and marks says nothing of what is missing on the node.
  if (map.parameters.lostMatches) return { missing: search.missing, unexpected: search.unexpected };
  for (const port of map.servicePorts) search.servicePort(port, true);
  for (const port of map.detachedServicePorts) search.servicePort(port, false);
  search.node();
  return { missing: search.missing, unexpected: search.unexpected };
}

const ownRoles: readonly ServiceChainRole[] = ["svc", "svl", "ext", "xlb", "fw"];
/** Slots whose rules are themselves the only sign of the value that they are written for. */
const selfEvident = new Set([
  "svc endpoint",
  "svl endpoint",
  "xlb endpoint",
  "fw range",
  "fw range-everywhere",
  "fw everyone",
]);
const HAIRPIN = claimOf("sep", "hairpin");
const DNAT = claimOf("sep", "dnat");

class Search {
  readonly missing: MissingRule[] = [];
  readonly unexpected: UnexpectedRule[] = [];
  readonly #map: ServiceMap;
  readonly #node: WritableNode;
  readonly #asIfWhole: boolean;
  /** Claims of one Service port, counted; made once and cleared. */
  readonly #counts = new Int32Array(slots.length + 2);

  constructor(map: ServiceMap, asIfWhole: boolean) {
    this.#map = map;
    this.#asIfWhole = asIfWhole;
    this.#node = writableNode(map);
  }

  /** Rules that fill no slot at all. */
  formless(): void {
    const { rules, ruleset } = this.#map.source;
    const { store } = ruleset;
    for (const chain of rules.chains)
      for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule))
        if (rules.claims[rule] === UNEXPECTED) this.#unexpect(rule, this.#map.byChain(chain), "form");
  }

  /** Endpoint chains whose two rules name different addresses: the hash in the name says which of them is wrong. */
  contradictions(): void {
    const { endpoints } = this.#map.source;
    for (const chain of endpoints.contradicting) {
      const port = this.#map.byChain(chain);
      const address = endpoints.address(chain);
      const isDnatProven = port !== null && address !== null && port.spread.isProven(chain, address) === true;
      this.#unexpect((isDnatProven ? endpoints.hairpin : endpoints.dnat)[chain] as RuleId, port, "values");
    }
  }

  /** `attached`: rules lead to it, so that those in the chains that all Service ports share are looked at too. */
  servicePort(port: ServicePort, attached: boolean): void {
    const actual = this.#ownRules(port);
    if (attached) for (const rule of port.sharedRules) this.#count(rule);
    const expected = this.#expectedCounts(port);
    const lacks = new Set<Claim>();
    for (const [claim, count] of expected) {
      const slot = slotOf(claim) as Slot;
      const isShared = slot.role.includes(" ");
      if (isShared ? !attached || !this.#isShown(slot.role) : !this.#isOwnShown(port, slot.role as ServiceChainRole))
        continue;
      if ((this.#counts[claim] as number) < count && !selfEvident.has(`${slot.role} ${slot.name}`)) lacks.add(claim);
    }
    if (this.#map.source.natComplete && this.#map.parameters.era !== null)
      this.#excess(port, [...actual, ...(attached ? port.sharedRules : [])], expected);
    this.#wrongValues(port, actual);
    const endpointLacks = this.#endpointLacks(port);
    if (lacks.size > 0 || endpointLacks) this.#tellMissing(port, lacks, attached);
    for (const rule of [...actual, ...port.sharedRules]) this.#counts[this.#claim(rule)] = 0;
  }

  /** Marks, jumps out of the built-in chains, and what else stands once on a node. */
  node(): void {
    if (this.#map.parameters.era === null || this.#map.servicePorts.length === 0) return;
    const { rules, ruleset } = this.#map.source;
    const seen = new Set<Claim>();
    for (const chain of rules.chains) {
      if (!(rules.role(chain) ?? "").includes(" ")) continue;
      for (const rule of ruleset.rulesOf(chain)) seen.add(rules.claims[rule] as Claim);
    }
    for (const written of writeNode(this.#node)) {
      const { role, name } = written.slot;
      if (seen.has(claimOf(role, name)) || !this.#isShown(role) || isReplaced(written.slot, seen)) continue;
      this.#miss(null, written, this.#chainNamed(written));
    }
    this.#wrongMarks();
  }

  #claim(rule: RuleId): Claim {
    return this.#map.source.rules.claims[rule] as Claim;
  }

  #count(rule: RuleId): void {
    const claim = this.#claim(rule);
    this.#counts[claim] = (this.#counts[claim] as number) + 1;
  }

  #ownRules(port: ServicePort): RuleId[] {
    const { store } = this.#map.ruleset;
    const own: RuleId[] = [];
    for (const role of ownRoles) {
      const chain = port.chain(role);
      if (chain === NONE) continue;
      for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
        this.#count(rule);
        own.push(rule);
      }
    }
    return own;
  }

  #expectedCounts(port: ServicePort): Map<Claim, number> {
    const cluster = this.#countOf(port, "svc");
    const local = Math.max(this.#countOf(port, "svl"), this.#countOf(port, "xlb"));
    const context = serviceContext(decidingFacts(port), blanks(cluster), blanks(local), this.#node);
    const counts = new Map<Claim, number>();
    for (const [index, ofRole] of slotsByRole.entries()) {
      if (index === roleNumber("sep")) continue;
      for (const slot of ofRole) {
        if (slot.of !== "service" || !slot.eras.includes(context.era)) continue;
        const { length } = slot.instances(context);
        if (length > 0) counts.set(claimOf(slot.role, slot.name), length);
      }
    }
    return counts;
  }

  #countOf(port: ServicePort, role: "svc" | "svl" | "xlb"): number {
    if (!this.#isOwnShown(port, role)) return 0;
    // A chain that is there had endpoints; that all jumps are gone is said once, of the chain.
    return Math.max(role === "svc" ? 1 : 0, this.#counts[claimOf(role, "endpoint")] as number);
  }

  /** More rules of a slot than there is reason for. */
  #excess(port: ServicePort, rules: readonly RuleId[], expected: ReadonlyMap<Claim, number>): void {
    const left = new Map(expected);
    const nodePort = port.nodePort === null ? null : String(port.nodePort);
    const isOther = (rule: RuleId): boolean => {
      const to = this.#map.source.rules.value(rule, "nodePort");
      return to !== null && to !== nodePort;
    };
    // The rule for the port that is the Service's own comes first, wherever it stands.
    const contested = rules.some(isOther);
    for (const rule of contested ? [...rules.filter((one) => !isOther(one)), ...rules.filter(isOther)] : rules) {
      const claim = this.#claim(rule);
      const slot = slotOf(claim);
      if (slot === null || slot.of !== "service" || selfEvident.has(`${slot.role} ${slot.name}`)) continue;
      const rest = left.get(claim) ?? 0;
      if (rest > 0) left.set(claim, rest - 1);
      else if (expected.has(claim)) this.#unexpect(rule, port, "duplicate");
      else this.#unexpect(rule, port, "policy");
    }
  }

  /** Jumps to another Service port's chains, and marks for another one's cluster IP. */
  #wrongValues(port: ServicePort, own: readonly RuleId[]): void {
    const { rules, ruleset } = this.#map.source;
    for (const rule of own) {
      const target = ruleset.target(rule);
      const slot = slotOf(this.#claim(rule))?.name;
      if (slot === undefined || slot.startsWith("lost")) continue;
      const role = rules.role(target);
      if (
        role !== null &&
        ownRoles.includes(role as ServiceChainRole) &&
        port.chain(role as ServiceChainRole) !== target
      )
        this.#unexpect(rule, port, "values");
      else if (slot === "masquerade-cluster-ip" && port.frontends.length > 0 && !this.#isToClusterIP(port, rule))
        this.#unexpect(rule, port, "values");
    }
  }

  #isToClusterIP(port: ServicePort, rule: RuleId): boolean {
    const { rules } = this.#map.source;
    const ip = hostOf(rules.value(rule, "clusterIP") ?? "");
    const to = rules.value(rule, "port");
    return port.frontends.some((frontend) => frontend.ip === ip && String(frontend.port) === to);
  }

  /** The capture has all rules of an endpoint's chain. */
  #isEndpointShown(chain: ChainId): boolean {
    const { store } = this.#map.ruleset;
    if (this.#asIfWhole) return store.firstRule(chain) !== NONE;
    return this.#map.source.natComplete && store.isDeclared(chain);
  }

  #endpointLacks(port: ServicePort): boolean {
    const { endpoints } = this.#map.source;
    for (const chain of port.endpointChains()) {
      if (!this.#isEndpointShown(chain)) continue;
      if (endpoints.hairpin[chain] === NONE || endpoints.dnat[chain] === NONE) return true;
    }
    return false;
  }

  #tellMissing(port: ServicePort, lacks: ReadonlySet<Claim>, attached: boolean): void {
    const { endpoints } = this.#map.source;
    const there = this.#instances(port, attached);
    const told = new Set<string>();
    for (const written of writeServicePort(port.writable(), this.#node)) {
      const claim = claimOf(written.slot.role, written.slot.name);
      const chain = this.#chainNamed(written);
      if (written.slot.role === "sep") {
        const column = claim === HAIRPIN ? endpoints.hairpin : endpoints.dnat;
        if (chain === NONE || column[chain] !== NONE || !this.#isEndpointShown(chain)) continue;
        told.add(`${claim} ${chain}`);
        this.#miss(port, written, chain);
      } else if (lacks.has(claim) && !there.has(instanceKey(claim, written.values))) {
        this.#miss(port, written, chain);
      }
    }
    // What cannot be written for want of a value is missing all the same.
    for (const chain of port.endpointChains()) {
      if (!this.#isEndpointShown(chain)) continue;
      for (const claim of [HAIRPIN, DNAT])
        if ((claim === HAIRPIN ? endpoints.hairpin : endpoints.dnat)[chain] === NONE && !told.has(`${claim} ${chain}`))
          this.#missUnwritten(port, slotOf(claim) as Slot, chain);
    }
  }

  /** The port's rules by slot and by the address or endpoint that tells several of one slot apart. */
  #instances(port: ServicePort, attached: boolean): ReadonlySet<string> {
    const { rules, ruleset } = this.#map.source;
    const keys = new Set<string>();
    const add = (rule: RuleId): void => {
      const claim = this.#claim(rule);
      if (claim <= UNEXPECTED) return;
      const isJump = rules.candidate(rule)?.targetHole === "SEP";
      const SEP = isJump ? ruleset.chainName(ruleset.target(rule)) : null;
      keys.add(instanceKey(claim, { SEP, address: rules.value(rule, "address") }));
    };
    if (attached) for (const rule of port.sharedRules) add(rule);
    for (const role of ownRoles)
      if (port.chain(role) !== NONE) for (const rule of ruleset.rulesOf(port.chain(role))) add(rule);
    return keys;
  }

  #missUnwritten(servicePort: ServicePort, slot: Slot, chain: ChainId): void {
    this.missing.push({
      servicePort,
      role: slot.role,
      slot: slot.name,
      table: "nat",
      chain,
      chainName: this.#map.ruleset.chainName(chain),
      text: null,
      before: this.#firstBehind(chain, slot, servicePort),
    });
  }

  #miss(port: ServicePort | null, written: WrittenRule, chain: ChainId): void {
    this.missing.push({
      servicePort: port,
      role: written.slot.role,
      slot: written.slot.name,
      table: written.table,
      chain,
      chainName: written.chain,
      text: written.text,
      before: chain === NONE || isHookRole(written.slot.role) ? NONE : this.#firstBehind(chain, written.slot, port),
    });
  }

  /** First rule of the chain that fills a later slot; in chains that all Service ports share, of the port's own rules. */
  #firstBehind(chain: ChainId, slot: Slot, port: ServicePort | null): RuleId {
    const { rules, ruleset } = this.#map.source;
    const isShared = slot.of === "service" && slot.role.includes(" ");
    const among = isShared
      ? (port?.sharedRules ?? []).filter((rule) => ruleset.chainOf(rule) === chain)
      : ruleset.rulesOf(chain);
    const order = slotsByRole[roleNumber(slot.role)] ?? [];
    for (const rule of among) {
      const other = slotOf(rules.claims[rule] as Claim);
      if (other !== null && order.indexOf(other) > order.indexOf(slot)) return rule;
    }
    return NONE;
  }

  /** Marks that differ from the one that most rules have. */
  #wrongMarks(): void {
    const { rules, ruleset } = this.#map.source;
    const mark = this.#map.parameters.masqueradeMark;
    if (mark === null) return;
    for (const chain of rules.chains) {
      const role = rules.role(chain);
      if (role !== "nat KUBE-MARK-MASQ" && role !== "nat KUBE-POSTROUTING" && role !== "filter KUBE-FORWARD") continue;
      for (const rule of ruleset.rulesOf(chain)) {
        const value = rules.value(rule, "mark");
        const unmark = rules.value(rule, "unmark");
        if ((value !== null && value !== mark) || (unmark !== null && unmark !== `${mark.split("/")[0]}/0x0`))
          this.#unexpect(rule, null, "values");
      }
    }
  }

  #unexpect(rule: RuleId, servicePort: ServicePort | null, reason: UnexpectedRule["reason"]): void {
    this.unexpected.push({ rule, chain: this.#map.ruleset.chainOf(rule), servicePort, reason });
  }

  #chainNamed({ table, chain }: WrittenRule): ChainId {
    return this.#map.ruleset.chain(table, chain);
  }

  /** The capture has the chain of a role that stands once: what is not in it is not on the node. */
  #isShown(role: Role): boolean {
    const [table = "nat", name = ""] = role.split(" ");
    const chain = this.#map.ruleset.chain(table as TableName, name);
    const whole = table === "nat" ? this.#map.source.natComplete : this.#map.source.filterComplete;
    if (this.#asIfWhole && !isHookRole(role))
      return chain !== NONE && this.#map.ruleset.store.firstRule(chain) !== NONE;
    return whole && (isHookRole(role) || (chain !== NONE && this.#map.ruleset.store.isDeclared(chain)));
  }

  #isOwnShown(port: ServicePort, role: ServiceChainRole): boolean {
    const chain = port.chain(role);
    if (chain === NONE) return false;
    const { store } = this.#map.ruleset;
    if (this.#asIfWhole) return store.firstRule(chain) !== NONE;
    return this.#map.source.natComplete && store.isDeclared(chain);
  }
}

/** Older releases have other rules in the place of these. */
function isReplaced({ role, name }: Slot, seen: ReadonlySet<Claim>): boolean {
  if (role === "nat KUBE-POSTROUTING")
    return (
      seen.has(claimOf(role, "masquerade-marked")) || (name === "unmarked" && seen.has(claimOf(role, "lost unmarked")))
    );
  if (role !== "filter KUBE-FORWARD") return false;
  if (name === "marked") return seen.has(claimOf(role, "lost marked"));
  return ["established", "pod-source", "pod-source-cidr"].some((other) => seen.has(claimOf(role, other)));
}

/** Address and endpoint tell rules of one slot apart; a slot that has neither stands once. */
const instanceKey = (claim: Claim, { SEP, address }: Values): string =>
  `${claim} ${hasEndpointJump.has(claim) ? (SEP ?? "") : hostOf(address ?? "")}`;

const hasEndpointJump: ReadonlySet<Claim> = new Set(
  slots.flatMap((slot, index) => (slot.template.text.endsWith("-j {SEP}") ? [index + 2] : [])),
);

const BLANK: Values = {};
const blanks = (count: number): readonly Values[] => new Array<Values>(count).fill(BLANK);
