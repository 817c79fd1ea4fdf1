import { hostPrefix } from "../kubernetes/address-text.ts";
import type { Frontend } from "../kubernetes/service-map.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import { NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { Check, Draft, ReportFinding } from "./check.ts";
import type { Context } from "./context.ts";
import { expectedRule } from "./expected-rule.ts";
import type { Severity } from "./finding.ts";
import { shareOf } from "./probe.ts";
import { frontendInWords, isOutside, nameOf } from "./service-words.ts";
import { reportEach } from "./several.ts";
import { counted, listed, sentence } from "./words.ts";

/** pkg/proxy/iptables/proxier.go, syncProxyRules: "masquerade traffic for … external destinations" and its forerunners. */
export const missingMasqueradeMark: Check = {
  id: "missing-masquerade-mark",
  severity: "error",
  confidence: "certain",
  summary: "Traffic to a Service is forwarded without a mark for SNAT",
  why: "kube-proxy marks what comes in from outside, so that its source is rewritten and the reply comes back through this node. Without the mark an endpoint on another node answers the client directly, and the client does not know the sender: the connection times out. Only endpoints on this very node work, by luck.",
  evidence:
    "KUBE-EXT (policy Cluster) without `-j KUBE-MARK-MASQ` before its jump; before 1.24 a NodePort, an external IP or KUBE-FW without the marking rule of its pair; KUBE-SVC without the mark for its cluster IP where other Services have one.",
  confirm: "iptables-save -t nat | grep -e KUBE-MARK-MASQ -e KUBE-EXT",
  whenFine:
    "With externalTrafficPolicy Local, where the client's address is kept on purpose; on a kube-proxy that detects no local traffic, cluster IPs are never marked.",
  remedy:
    "Find out who edited the chain, then restart kube-proxy: it rewrites this chain only when the Service changes or at a full sync.",
  references: [
    "https://github.com/kubernetes/kubernetes/issues/53393",
    "https://github.com/kubernetes/kubernetes/issues/36835",
    "https://github.com/projectcalico/calico/issues/2024",
  ],
  since: "0.1.0",
  needs: ["nat"],
  run(context, report) {
    const { servicePorts } = context.services;
    const outside: Draft[] = [];
    let ofOutside = 0;
    for (const port of servicePorts) {
      if (port.externalTrafficPolicy !== "Cluster") continue;
      ofOutside++;
      const rule = unmarkedWay(context, port);
      if (rule !== null) outside.push(outsideDraft(context, port, rule));
    }
    reportEach(report, outside, ofOutside);
    reportClusterIPs(context, report);
  },
};

interface Way {
  /** The rule that takes packets on without a mark. */
  readonly at: RuleId;
  readonly frontends: readonly Frontend[];
  readonly missing: readonly string[];
}

/** The first rule that sends packets from outside on to endpoints though nothing has marked them; `null` when all is well. */
function unmarkedWay(context: Context, port: ServicePort): Way | null {
  const { store } = context;
  const outside = port.frontends.filter((frontend) => isOutside(frontend) && frontend.fate === "forwarded");
  const { name, protocol } = port;
  const ext = port.chain("ext");
  if (ext !== NONE) {
    const jump = context.ruleIn(ext, "cluster");
    const mark = context.ruleIn(ext, "masquerade");
    if (jump === NONE || (mark !== NONE && isBefore(context, mark, jump)) || outside.length === 0) return null;
    context.explain(ext, "masquerade");
    return { at: jump, frontends: outside, missing: expectedRule("ext", "masquerade", store.chainName(ext), { name }) };
  }
  if (context.services.parameters.era !== "1.20") return null;
  for (const frontend of outside) {
    const { ip, port: number, rule } = frontend;
    const values = { name, protocol, address: hostPrefix(ip ?? ""), port: String(number), nodePort: String(number) };
    const entry = store.chainName(store.chainOf(rule));
    if (frontend.kind === "nodePort") {
      if (isMarked(context, port, rule, "masquerade", "nodePort", String(number))) continue;
      return {
        at: rule,
        frontends: [frontend],
        missing: expectedRule("nat KUBE-NODEPORTS", "masquerade", entry, values),
      };
    }
    if (frontend.kind === "externalIP") {
      if (isMarked(context, port, rule, "masquerade-external-ip", "address", values.address)) continue;
      return {
        at: rule,
        frontends: [frontend],
        missing: expectedRule("nat KUBE-SERVICES", "masquerade-external-ip", entry, values),
      };
    }
    const fw = port.chain("fw");
    const first = store.firstRule(fw);
    if (fw === NONE || first === NONE || context.slot(first) === "masquerade") continue;
    return {
      at: first,
      frontends: [frontend],
      missing: expectedRule("fw", "masquerade", store.chainName(fw), { name }),
    };
  }
  return null;
}

/** Whether one of the Service's own rules before `jump` marks what goes to the same destination. */
function isMarked(
  context: Context,
  port: ServicePort,
  jump: RuleId,
  slot: string,
  hole: string,
  value: string,
): boolean {
  return port.sharedRules.some(
    (rule) =>
      context.slot(rule) === slot &&
      context.store.chainOf(rule) === context.store.chainOf(jump) &&
      isBefore(context, rule, jump) &&
      context.claims.value(rule, hole) === value,
  );
}

/** Both in one chain; rules of a text that appends are numbered in the chain's order. */
function isBefore({ store }: Context, rule: RuleId, other: RuleId): boolean {
  if (rule < other === store.node(rule) < store.node(other)) return rule < other;
  return false;
}

function outsideDraft(context: Context, port: ServicePort, { at, frontends, missing }: Way): Draft {
  const name = nameOf(port);
  const { effect, severity } = effectOutside(context, frontends);
  const [first] = frontends;
  const before =
    first === undefined || first.rule === at
      ? []
      : [{ at: { rule: first.rule }, label: `${frontendInWords(first)} goes here`, before: true }];
  return {
    at: { rule: at },
    message: `${listed(frontends.map(frontendInWords), 3)} of ${name} ${frontends.length === 1 ? "is" : "are"} forwarded without a mark for SNAT`,
    label: "kube-proxy writes this rule before it, and it is missing:",
    missing,
    related: before,
    servicePort: port.id,
    effect,
    severity,
    confirm: `iptables -t nat -S ${context.store.chainName(context.store.chainOf(at))}`,
  };
}

function effectOutside(context: Context, frontends: readonly Frontend[]): { effect: string; severity: Severity } {
  for (const frontend of frontends) {
    const probe = context.probe(context.client("outside"), frontend);
    if (probe === null) continue;
    const reached = probe.outcomes.filter(({ kind }) => kind === "translated");
    const endpoints = new Set(reached.map(({ address }) => address));
    if (endpoints.size === 0) continue;
    const kept = new Set(reached.filter(({ rewritten }) => rewritten === false).map(({ address }) => address));
    const { least } = shareOf(probe.outcomes, ({ kind, rewritten }) => kind === "translated" && rewritten === false);
    if (kept.size === 0)
      return {
        effect: "No effect now: another rule rewrites the source of these packets (traced).",
        severity: "warning",
      };
    const numbers = `Traced from outside: ${kept.size} of ${counted(endpoints.size, "endpoint")} ${kept.size === 1 ? "is" : "are"} reached without a source rewrite (SNAT).`;
    const harm = "The reply of an endpoint on another node bypasses this one, so that connection times out.";
    return least > 0
      ? { effect: `${numbers} ${harm} The cluster IP is not affected.`, severity: "error" }
      : {
          effect: `${numbers} Whether it comes to that depends on what the capture does not show. ${harm}`,
          severity: "warning",
        };
  }
  return {
    effect: "Not traced: the rules do not show a way in from outside that reaches an endpoint.",
    severity: "warning",
  };
}

function reportClusterIPs(context: Context, report: ReportFinding): void {
  const drafts: Draft[] = [];
  let marked = 0;
  for (const port of context.services.servicePorts) {
    const frontend = port.clusterFrontend;
    if (frontend === null || frontend.fate !== "forwarded" || frontend.chain === null || frontend.ip === null) continue;
    if (isClusterIPMarked(context, port, frontend)) marked++;
    else drafts.push(clusterDraft(context, port, frontend));
  }
  // where no Service has the mark, kube-proxy was told not to look for local traffic
  if (marked > drafts.length) for (const draft of drafts) report(draft);
}

function isClusterIPMarked(context: Context, port: ServicePort, { chain, rule, ip }: Frontend): boolean {
  if (context.services.parameters.era === "1.20")
    return isMarked(context, port, rule, "masquerade-cluster-ip", "clusterIP", hostPrefix(ip ?? ""));
  const mark = context.ruleIn(chain as number, "masquerade-cluster-ip");
  return mark !== NONE && context.claims.value(mark, "clusterIP") === hostPrefix(ip ?? "");
}

function clusterDraft(context: Context, port: ServicePort, frontend: Frontend): Draft {
  const { store, services } = context;
  const { era, localDetector: detector } = services.parameters;
  const old = era === "1.20";
  const at = old ? frontend.rule : store.firstRule(frontend.chain as number);
  const chain = old ? store.chainOf(frontend.rule) : (frontend.chain as number);
  const values = {
    name: port.name,
    clusterIP: hostPrefix(frontend.ip ?? ""),
    protocol: frontend.protocol,
    port: String(frontend.port),
    notLocalSource: detector?.kind === "cidr" ? detector.value : null,
    notLocalInterface: detector?.kind === "interface" ? detector.value : null,
  };
  if (!old) context.explain(chain, "masquerade-cluster-ip");
  const probe = context.probe(context.client("outside"), frontend);
  const kept =
    probe === null
      ? { least: 0, most: 0 }
      : shareOf(probe.outcomes, ({ kind, rewritten }) => kind === "translated" && rewritten === false);
  const clients = detector === null ? "clients" : `clients outside ${detector.value}`;
  return {
    at: at === NONE ? { chain } : { rule: at },
    message:
      `${frontendInWords(frontend)} of ${nameOf(port)} is forwarded without a mark for SNAT to ${clients}`.replace(
        " to clients",
        " of clients",
      ),
    label: "kube-proxy writes this rule before it, and it is missing:",
    missing: expectedRule(
      old ? "nat KUBE-SERVICES" : (context.role(chain) ?? "svc"),
      "masquerade-cluster-ip",
      store.chainName(chain),
      values,
    ),
    servicePort: port.id,
    severity: "warning",
    effect:
      kept.most > 0
        ? `Traced: ${sentence(clients)} that route to the cluster IP through this node reach the endpoints with their own address; the reply of an endpoint on another node bypasses this one, so that connection times out. Pods are not affected.`
        : "No effect now: another rule rewrites the source of these packets (traced).",
    confirm: `iptables -t nat -S ${store.chainName(chain)}`,
  };
}
