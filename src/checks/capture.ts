import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import { FIRST_LOST, slotOf, slots } from "../kubernetes/templates/slots.ts";
import { type ChainId, NONE, type RuleId } from "../netfilter/ruleset.ts";

/** Signs that a text does not describe the rules that the kernel has. */
export interface Capture {
  /** Rules of kube-proxy that lack the ports or marks which they have in the kernel. */
  readonly stripped: readonly RuleId[];
  /** DNAT rules whose destination the tool could not print. */
  readonly unprinted: readonly RuleId[];
  /** Nothing that follows from the rules is to be believed. */
  readonly isLossy: boolean;
}

/** Rules kept as examples. */
const MOST = 1000;

/** Slots whose rules lose a port, or a mark, when an iptables before 1.8.8 prints what a newer one wrote. */
const WITH_PORT: ReadonlySet<string> = new Set([
  "cluster-ip",
  "external-ip",
  "load-balancer-ip",
  "node-port",
  "to-policy",
  "masquerade-cluster-ip",
  "masquerade",
  "no-endpoints",
]);
const MARKED: ReadonlySet<string> = new Set(["unmarked", "marked"]);
const LOSABLE: ReadonlySet<string> = new Set(["tcp", "udp"]);

/**
 * An older iptables-nft leaves out every tcp and udp port and every mark of rules that a newer one wrote, all of them and without a
 * word. So where some of kube-proxy's rules still have theirs, a rule without was edited.
 */
export function captureOf(services: ServiceMap): Capture {
  const { ruleset, source } = services;
  const stripped: RuleId[] = [];
  const unprinted: RuleId[] = [];
  const { rules } = source;
  const { store } = ruleset;
  if (!rules.hasLost || !LOST.some((claim) => rules.claims.includes(claim)))
    return { stripped, unprinted, isLossy: false };
  const own = rules.chainRoles.all.filter((chain) => {
    const role = rules.role(chain) ?? "";
    return role.includes(" KUBE-") || role === "sep" || role === "svc";
  });
  for (const chain of own)
    for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
      const claim = rules.claim(rule);
      if (claim < FIRST_LOST) continue;
      (slotOf(claim)?.name.startsWith("lost dnat") ? unprinted : stripped).push(rule);
    }
  const isLossy = stripped.length > 0 && !own.some((chain) => hasIntact(services, chain));
  return { stripped: stripped.slice(0, MOST), unprinted: unprinted.slice(0, MOST), isLossy };
}

const LOST = slots.slice(FIRST_LOST - 2).map((_, i) => FIRST_LOST + i);

/** Whether a rule of the chain has the port or the mark that an older iptables would have left out; ports of sctp it prints. */
function hasIntact({ ruleset: { store }, source: { rules } }: ServiceMap, chain: ChainId): boolean {
  const role = rules.role(chain);
  if (role === "sep" || role === "nat KUBE-MARK-MASQ") return false;
  for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
    const name = slotOf(rules.claim(rule))?.name ?? "";
    if (MARKED.has(name)) return true;
    if (WITH_PORT.has(name) && LOSABLE.has(rules.value(rule, "protocol") ?? "")) return true;
  }
  return false;
}
