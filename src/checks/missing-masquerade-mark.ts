import type { ServicePort } from "../kubernetes/service-port.ts";
import type { Check, Draft } from "./check.ts";
import type { Context } from "./context.ts";
import type { Deviation } from "./deviation.ts";
import { draftOf } from "./deviation-draft.ts";
import type { Severity } from "./finding.ts";
import { shareOf } from "./probe.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { frontendInWords, isOutside, nameOf } from "./service-words.ts";
import { counted, listed } from "./words.ts";

/** pkg/proxy/iptables/proxier.go, syncProxyRules: "masquerade traffic for ... external destinations" and its forerunners. */
export const missingMasqueradeMark: Check = {
  id: "missing-masquerade-mark",
  severity: "error",
  confidence: "certain",
  summary: "Traffic to a Service is forwarded without a mark for SNAT",
  why: "kube-proxy marks what comes in from outside, so that its source is rewritten and the reply comes back through this node. Without the mark an endpoint on another node answers the client directly, and the client does not know the sender: the connection times out. Only endpoints on this very node work.",
  evidence:
    "KUBE-EXT (policy Cluster) without `-j KUBE-MARK-MASQ` before its jump; before 1.24 a NodePort, an external IP or KUBE-FW without the marking rule of its pair; KUBE-SVC without the mark for its cluster IP where other Services have one.",
  confirm: "iptables-save -t nat | grep -e KUBE-MARK-MASQ -e KUBE-EXT",
  whenFine:
    "With externalTrafficPolicy Local, where the client's address is kept on purpose. A kube-proxy that detects no local traffic marks no cluster IP.",
  remedy: RESTART_KUBE_PROXY,
  references: [
    "https://github.com/kubernetes/kubernetes/issues/53393",
    "https://github.com/kubernetes/kubernetes/issues/36835",
    "https://github.com/projectcalico/calico/issues/2024",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    const marks = context.deviations.take(
      ({ kind, slot }) => MARKS.has(slot) && (kind === "missing" || kind === "misplaced"),
    );
    for (const [port, found] of marks) {
      const inside = found.filter(({ slot }) => slot === "masquerade-cluster-ip");
      const outside = found.filter(({ slot }) => slot !== "masquerade-cluster-ip");
      if (outside[0] !== undefined) report(draftOutside(context, port, outside[0], outside));
      if (inside[0] !== undefined && outside.length === 0) report(draftInside(context, port, inside[0]));
    }
  },
};

/** Slots that mark what comes from outside, or what goes to the cluster IP; those for the node itself are another matter. */
const MARKS: ReadonlySet<string> = new Set([
  "masquerade",
  "masquerade-external-ip",
  "masquerade-node-port",
  "masquerade-cluster-ip",
]);

function draftOutside(context: Context, port: ServicePort, first: Deviation, all: readonly Deviation[]): Draft {
  const draft = draftOf(context, first);
  const ways = port.frontends.filter((frontend) => isOutside(frontend) && frontend.fate === "forwarded");
  const [entry] = ways;
  const marked = entry === undefined ? null : whatIsKept(context, port);
  const names = ways.length === 0 ? "Traffic from outside" : listed(ways.map(frontendInWords), 3);
  const isOther = entry !== undefined && "rule" in draft.at && draft.at.rule !== entry.rule;
  return {
    ...draft,
    message: `${names} of ${nameOf(port)} ${ways.length > 1 ? "are" : "is"} forwarded without a mark for SNAT`,
    missing: all.flatMap(({ expected }) => expected ?? []),
    related: isOther ? [{ at: { rule: entry.rule }, label: `${frontendInWords(entry)} goes here`, before: true }] : [],
    ...(marked ?? {}),
  };
}

/** Who comes from outside and reaches an endpoint with the own address; `null` where that was not traced. */
function whatIsKept(context: Context, port: ServicePort): { effect: string; severity: Severity } | null {
  for (const frontend of port.frontends.filter(isOutside)) {
    const probe = context.probe(context.client("outside"), frontend);
    const reached = probe?.outcomes.filter(({ kind }) => kind === "translated") ?? [];
    if (probe === null || reached.length === 0) continue;
    const endpoints = new Set(reached.map(({ address }) => address));
    const kept = new Set(reached.filter(({ rewritten }) => rewritten === false).map(({ address }) => address));
    if (kept.size === 0)
      return { effect: "No effect now: another rule rewrites the source of these packets.", severity: "warning" };
    const { least } = shareOf(probe.outcomes, ({ kind, rewritten }) => kind === "translated" && rewritten === false);
    const numbers = `Traced from outside: ${kept.size} of ${counted(endpoints.size, "endpoint")} ${kept.size === 1 ? "is" : "are"} reached without a source rewrite (SNAT).`;
    const harm = "The reply of an endpoint on another node bypasses this one, so that connection times out.";
    return least > 0
      ? { effect: `${numbers} ${harm} The cluster IP is not affected.`, severity: "error" }
      : {
          effect: `${numbers} Whether it comes to that hangs on what a capture does not show. ${harm}`,
          severity: "warning",
        };
  }
  return null;
}

function draftInside(context: Context, port: ServicePort, deviation: Deviation): Draft {
  const { localDetector: detector } = context.services.parameters;
  const clients =
    detector?.kind === "cidr" ? `clients outside ${detector.value}` : "clients that are no pods of this node";
  const frontend = port.clusterFrontend;
  const what = frontend === null ? "The cluster IP" : frontendInWords(frontend);
  return {
    ...draftOf(context, deviation),
    message: `${what} of ${nameOf(port)} is forwarded without a mark for SNAT of ${clients}`,
  };
}
