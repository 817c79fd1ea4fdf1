import type { Frontend } from "../kubernetes/service-map.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import type { Check, Draft } from "./check.ts";
import type { Context } from "./context.ts";
import { shareOf } from "./probe.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { frontendInWords, nameOf } from "./service-words.ts";

const WHAT = "Two Services claim the same";
const shared = {
  severity: "error",
  confidence: "certain",
  confirm: "iptables-save -t nat | grep -e '--dport PORT'",
  whenFine: "One number for tcp and for udp is two ports.",
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
} as const;

/** The first rule wins: nat asks a connection once. */
export const duplicateNodePort: Check = {
  ...shared,
  id: "duplicate-node-port",
  summary: `${WHAT} NodePort`,
  why: "The API server gives a NodePort to one Service. Of two rules for it the first one takes all connections, and the other Service is never reached by it.",
  evidence: "Two rules of KUBE-NODEPORTS for one protocol and port lead to different Services.",
  remedy: RESTART_KUBE_PROXY,
  references: ["https://github.com/kubernetes/kubernetes/issues/40920"],
  run: (context, report) => {
    for (const draft of draftsFor(context, ({ kind }) => kind === "nodePort")) report(draft);
  },
};

/** External IPs are not checked for uniqueness by the API server. */
export const duplicateServiceAddress: Check = {
  ...shared,
  id: "duplicate-service-address",
  summary: `${WHAT} address and port`,
  why: "The first rule takes all connections, and the other Service is never reached at that address. kube-proxy shuffles the rules at every sync, so which one it is changes. External IPs can be claimed by anybody who may write Services (CVE-2020-8554).",
  evidence: "Two rules of KUBE-SERVICES for one address, protocol and port lead to different Services.",
  remedy: "Take the external IP, load balancer IP or port from one of the Services: kubectl get services -A -o wide",
  references: [
    "https://github.com/kubernetes/kubernetes/issues/97110",
    "https://github.com/kubernetes/kubernetes/issues/97076",
  ],
  run: (context, report) => {
    for (const draft of draftsFor(context, ({ ip, kind }) => ip !== null && kind !== "healthCheckNodePort"))
      report(draft);
  },
};

interface Claimant {
  readonly port: ServicePort;
  readonly frontend: Frontend;
}

function* draftsFor(context: Context, isWanted: (frontend: Frontend) => boolean): Generator<Draft> {
  const claimants = new Map<string, Claimant[]>();
  for (const port of context.suspects.all)
    for (const frontend of port.frontends) {
      if (frontend.fate !== "forwarded" || frontend.port === null || !isWanted(frontend)) continue;
      if (!context.services.source.destinations.isContested(frontend) || context.isSpokenOf(frontend.rule)) continue;
      const key = `${frontend.ip} ${frontend.port} ${frontend.protocol}`;
      const known = claimants.get(key);
      if (known === undefined) claimants.set(key, [{ port, frontend }]);
      else known.push({ port, frontend });
    }
  for (const all of claimants.values()) {
    if (all.length < 2) continue;
    const sorted = [...all].sort((a, b) => a.frontend.rule - b.frontend.rule);
    const [first, second] = sorted as [Claimant, Claimant];
    const rules = new Set(sorted.map(({ frontend }) => frontend.rule));
    context.deviations.take(({ rule, kind }) => kind !== "missing" && rules.has(rule));
    yield draftOf(context, first, second);
  }
}

function draftOf(context: Context, first: Claimant, second: Claimant): Draft {
  const { store } = context;
  const where = frontendInWords(first.frontend);
  const probe = context.probe(context.client("outside"), first.frontend);
  const toFirst = new Set(first.port.endpoints.map(({ address }) => address));
  const wins = probe !== null && shareOf(probe.outcomes, ({ address }) => toFirst.has(address)).least > 0.999;
  return {
    at: { rule: second.frontend.rule },
    label: `is never asked: the rule for ${nameOf(first.port)} comes first`,
    message: `${where} is claimed by ${nameOf(first.port)} and by ${nameOf(second.port)}; ${nameOf(first.port)} gets all connections`,
    related: [{ at: { rule: first.frontend.rule }, label: `goes to ${nameOf(first.port)}`, before: true }],
    servicePort: second.port.id,
    effect: `${wins ? "Traced: all" : "All"} connections to ${where} reach ${nameOf(first.port)}, none ${nameOf(second.port)}.`,
    confirm: `iptables -t nat -S ${context.ruleset.chainName(store.chainOf(first.frontend.rule))} | grep -e '--dport ${first.frontend.port}'`,
  };
}
