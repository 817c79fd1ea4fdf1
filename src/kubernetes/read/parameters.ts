import { type ChainId, NONE, type RuleId } from "../../netfilter/ruleset.ts";
import { hostOf } from "../address-text.ts";
import { balanceOf } from "../balance.ts";
import type { EndpointComment, Era, LocalDetector, ProxyParameters } from "../service-map.ts";
import type { Role } from "../templates/slot.ts";
import { claimOf, slots } from "../templates/slots.ts";
import type { Balances } from "./balances.ts";
import { roleNumber } from "./chain-roles.ts";
import type { ClaimedRules } from "./claimed-rules.ts";
import type { ServiceGroup } from "./service-group.ts";

/** Rules looked at for a setting that all rules of a kind share. */
const SAMPLE = 64;

/** kube-proxy's settings as its rules show them. */
export function readParameters(
  rules: ClaimedRules,
  balances: Balances,
  filterComplete: boolean,
  groups: () => readonly ServiceGroup[],
): ProxyParameters {
  const seen = new Seen(rules);
  const era = eraOf(seen, filterComplete);
  const invalid = seen.first("filter KUBE-FORWARD", "invalid");
  const counted =
    seen.has("nat KUBE-NODEPORTS", "counted-loopback") ||
    (invalid !== null && hasFlag(rules, invalid, "--nfacct-name"));
  const detector = detectorOf(seen);
  const mark = markOf(seen);
  const masquerade =
    seen.first("nat KUBE-POSTROUTING", "masquerade") ?? seen.first("nat KUBE-POSTROUTING", "masquerade-marked");
  const nodePorts = seen.first("nat KUBE-SERVICES", "node-ports");
  const written = seen.values("nat KUBE-SERVICES", "node-ports-address", "nodeAddress");
  const addresses = nodePorts !== null || written.length > 0 ? written : bentNodeAddresses(rules);
  let trailingColon: { readonly value: boolean | null } | undefined;
  let lostMatches: boolean | undefined;
  return {
    era,
    layout: layoutLabel(era, counted, seen),
    masqueradeBit: bitOf(mark),
    masqueradeMark: mark,
    localDetector: detector.value,
    localDetectorShown: detector.shown,
    masqueradeAll: detector.all,
    randomFully: masquerade === null ? null : hasFlag(rules, masquerade, "--random-fully"),
    dropInvalid: invalid !== null ? true : seen.has("filter KUBE-FORWARD", "marked") && filterComplete ? false : null,
    nfacct: era === null ? null : counted,
    localhostNodePorts:
      nodePorts === null ? (addresses.length > 0 ? false : null) : rules.value(nodePorts, "notLoopback") === null,
    nodePortAddresses:
      nodePorts !== null ? [] : addresses.length > 0 ? addresses.map((text) => hostOf(text) ?? text) : null,
    martianGuard: seen.has("filter KUBE-FIREWALL", "martians") ? true : filterComplete ? false : null,
    endpointComments: commentForms(seen),
    probabilityDigits: digitsOf(seen, balances),
    // these two take a look at every Service
    get trailingColon() {
      trailingColon ??= { value: colonOf(groups()) };
      return trailingColon.value;
    },
    get lostMatches() {
      lostMatches ??=
        rules.hasLost &&
        slots.some(({ name, role }) => name.startsWith("lost ") && role !== "sep" && seen.has(role, name));
      return lostMatches;
    },
  };
}

/** Before 1.18 the name of a Service port without a name ended in a colon. */
function colonOf(groups: readonly ServiceGroup[]): boolean | null {
  for (const group of groups) {
    if (group.nameEvidence !== "hash") continue;
    if (group.colon === "last") return true;
    if (group.colon === null) return false;
  }
  return null;
}

/** Addresses of jumps to KUBE-NODEPORTS that are not as kube-proxy writes them, but lead there. */
function bentNodeAddresses({ ruleset }: ClaimedRules): string[] {
  const chain = ruleset.chain("nat", "KUBE-NODEPORTS");
  if (chain === NONE) return [];
  return [...ruleset.callers(chain)]
    .flatMap((rule) => ruleset.rule(rule).options)
    .filter(({ record, negated }) => record?.flag === "--destination" && !negated)
    .map(({ values }) => values[0]?.text ?? "")
    .filter((text) => hostOf(text) !== null);
}

const hasFlag = (rules: ClaimedRules, rule: RuleId, flag: string): boolean =>
  rules.ruleset.shape(rule).options.some(({ record }) => record?.flag === flag);

/** The rules of each slot, those of endpoints' chains aside. */
class Seen {
  readonly rules: ClaimedRules;

  constructor(rules: ClaimedRules) {
    this.rules = rules;
  }

  first(role: Role, slot: string): RuleId | null {
    return this.rules.claimed(claimOf(role, slot), 1)[0] ?? null;
  }

  has(role: Role, slot: string): boolean {
    return this.first(role, slot) !== null;
  }

  value(role: Role, slot: string, hole: string): string | null {
    const rule = this.first(role, slot);
    return rule === null ? null : this.rules.value(rule, hole);
  }

  /** Values of all rules of a slot that stand in one chain. */
  values(role: Role, slot: string, hole: string): string[] {
    const first = this.first(role, slot);
    const claim = claimOf(role, slot);
    const { store } = this.rules.ruleset;
    const values: string[] = [];
    for (let rule = first ?? NONE; rule !== NONE; rule = store.nextRule(rule))
      if (this.rules.claim(rule) === claim) values.push(this.rules.value(rule, hole) ?? "");
    return values;
  }

  /** The first few rules of a slot, wherever they stand. */
  sample(role: Role, slot: string): readonly RuleId[] {
    return this.rules.claimed(claimOf(role, slot), SAMPLE);
  }

  hasChain(role: Role): boolean {
    return this.rules.roles.includes(roleNumber(role));
  }

  /** The first few chains of a role. */
  chains(role: Role): ChainId[] {
    const number = roleNumber(role);
    const found: ChainId[] = [];
    const { roles } = this.rules;
    let chain = roles.indexOf(number);
    while (chain !== NONE && found.length < SAMPLE) {
      found.push(chain);
      chain = roles.indexOf(number, chain + 1);
    }
    return found;
  }
}

function eraOf(seen: Seen, filterComplete: boolean): Era | null {
  if (seen.hasChain("filter KUBE-PROXY-FIREWALL") || (seen.has("fw", "rest") && !seen.hasChain("xlb"))) return "1.25";
  if (seen.hasChain("ext") || seen.hasChain("svl"))
    return filterComplete || seen.has("svl", "no-local-endpoints") || seen.has("fw", "mark-drop") ? "1.24" : "1.25";
  if (seen.has("nat KUBE-SERVICES", "masquerade-cluster-ip") || seen.has("nat KUBE-NODEPORTS", "masquerade"))
    return "1.20";
  const marksInside = seen.has("svc", "masquerade-cluster-ip");
  if (seen.has("svc", "masquerade-node-port") || (marksInside && (seen.hasChain("xlb") || seen.hasChain("fw"))))
    return "1.22";
  if (usesArrows(seen)) return filterComplete ? "1.24" : "1.25";
  if (!filterComplete || !seen.has("nat KUBE-SERVICES", "cluster-ip")) return null;
  if (marksInside) return seen.hasChain("filter KUBE-NODEPORTS") ? "1.22" : null;
  return seen.hasChain("filter KUBE-NODEPORTS") ? "1.22" : "1.20";
}

const knowsFirewall = (seen: Seen): boolean =>
  seen.hasChain("filter KUBE-PROXY-FIREWALL") ||
  seen.has("fw", "rest") ||
  seen.has("filter KUBE-EXTERNAL-SERVICES", "no-local-endpoints");

function layoutLabel(era: Era | null, counted: boolean, seen: Seen): string | null {
  if (era === null) return seen.has("nat KUBE-SERVICES", "cluster-ip") ? "kube-proxy rules (iptables mode)" : null;
  const releases = {
    "1.20": "1.20 and earlier",
    "1.22": "1.21 to 1.23",
    "1.24": "1.24",
    "1.25": counted ? "1.32 and later" : knowsFirewall(seen) ? "1.25 and later" : "1.24 and later",
  };
  return `kube-proxy rules as of ${releases[era]} (iptables mode)`;
}

/** The value that most Services show; a Service may be edited, and the settings are the node's. */
function detectorOf(seen: Seen): { value: LocalDetector | null; shown: boolean; all: boolean | null } {
  const counts = new Map<string, number>();
  let marks = 0;
  let unconditional = 0;
  const count = (kind: string, value: string | null): void => {
    if (value === null) return;
    const key = `${kind} ${value}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  for (const [role, slot] of [
    ["svc", "masquerade-cluster-ip"],
    ["svl", "masquerade-cluster-ip"],
    ["nat KUBE-SERVICES", "masquerade-cluster-ip"],
  ] as const)
    for (const rule of seen.sample(role, slot)) {
      const source = seen.rules.value(rule, "notLocalSource");
      const from = seen.rules.value(rule, "notLocalInterface");
      count("cidr", source);
      count("interface", from);
      marks++;
      if (source === null && from === null) unconditional++;
    }
  for (const role of ["ext", "xlb"] as const) {
    for (const rule of seen.sample(role, "pods")) count("cidr", seen.rules.value(rule, "localSource"));
    for (const rule of seen.sample(role, "pods-interface"))
      count("interface", seen.rules.value(rule, "localInterface"));
  }
  const [most] = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const space = most?.[0].indexOf(" ") ?? 0;
  const forwarded = seen.has("nat KUBE-SERVICES", "cluster-ip");
  return {
    value:
      most === undefined
        ? null
        : { kind: most[0].slice(0, space) as LocalDetector["kind"], value: most[0].slice(space + 1) },
    shown: forwarded,
    all: marks > 0 ? unconditional * 2 > marks : forwarded ? false : null,
  };
}

/** The mark that most of the rules have which set, ask for or clear it. */
function markOf(seen: Seen): string | null {
  const counts = new Map<string, number>();
  for (const [role, slot, hole] of [
    ["nat KUBE-MARK-MASQ", "mark", "mark"],
    ["nat KUBE-POSTROUTING", "unmarked", "mark"],
    ["nat KUBE-POSTROUTING", "unmark", "unmark"],
    ["nat KUBE-POSTROUTING", "masquerade-marked", "mark"],
    ["filter KUBE-FORWARD", "marked", "mark"],
  ] as const) {
    const value = seen.value(role, slot, hole)?.split("/")[0];
    if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const [most] = [...counts].sort((a, b) => b[1] - a[1]);
  return most === undefined ? null : `${most[0]}/${most[0]}`;
}

function bitOf(mark: string | null): number | null {
  const value = Number(mark?.split("/")[0] ?? "x");
  const bit = Math.log2(value);
  return Number.isInteger(bit) && bit >= 0 && bit < 32 ? bit : null;
}

const usesArrows = (seen: Seen): boolean => commentForms(seen).includes("arrow");

function commentForms(seen: Seen): EndpointComment[] {
  const forms = new Set<EndpointComment>();
  for (const role of ["svc", "svl"] as const)
    for (const rule of seen.sample(role, "endpoint")) {
      const comment = seen.rules.comment(rule);
      forms.add(comment === null ? "none" : comment.includes(" -> ") ? "arrow" : "name");
    }
  return [...forms].sort();
}

function digitsOf(seen: Seen, balances: Balances): 10 | 5 | null {
  const found = new Set<string>();
  const { store } = seen.rules.ruleset;
  const claim = claimOf("svc", "endpoint");
  for (const chain of seen.chains("svc")) {
    const thresholds: number[] = [];
    for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule))
      if (seen.rules.claim(rule) === claim) thresholds.push(balances.threshold(rule));
    // Halves look the same in both.
    if (thresholds.length > 2) found.add(balanceOf(thresholds));
  }
  return found.has("even-five-digits") ? 5 : found.has("even") ? 10 : null;
}
