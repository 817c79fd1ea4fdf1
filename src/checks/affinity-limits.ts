import type { Check } from "./check.ts";
import { nameOf } from "./service-words.ts";
import { counted, listed } from "./words.ts";

/** iptables-extensions(8), recent: 100 addresses per list (ip_list_tot of xt_recent); one list per endpoint. */
export const affinityLimits: Check = {
  id: "affinity-limits",
  severity: "info",
  confidence: "likely",
  summary: "Services with session affinity: what it does not do",
  why: "The kernel remembers 100 client addresses per endpoint by default, the oldest is forgotten first. Clients behind one address (a NAT, a load balancer that rewrites the source) are one client. Each port of a Service remembers for itself.",
  evidence: "`-m recent --rcheck` in KUBE-SVC.",
  confirm: "cat /sys/module/xt_recent/parameters/ip_list_tot",
  whenFine: "With few clients, each with an address of its own.",
  remedy:
    "None needed. For many clients set ip_list_tot of module xt_recent, or keep sessions in a proxy or in the client.",
  references: [
    "https://github.com/kubernetes/kubernetes/issues/103000",
    "https://github.com/kubernetes/kubernetes/issues/110302",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    const sticky = context.suspects.all.filter(
      (port) =>
        context.ruleIn(port.chain("svc"), "affinity") >= 0 || context.ruleIn(port.chain("svl"), "affinity") >= 0,
    );
    const [first] = sticky;
    if (first === undefined) return;
    const perService = new Map<string, number>();
    for (const { namespace, service } of sticky)
      perService.set(`${namespace}/${service}`, (perService.get(`${namespace}/${service}`) ?? 0) + 1);
    const several = [...perService].filter(([, ports]) => ports > 1).map(([name]) => name);
    const rule = context.ruleIn(first.chain("svc"), "affinity");
    report({
      at: rule < 0 ? { rule: first.evidence[0] ?? 0 } : { rule },
      message: `${counted(sticky.length, "Service port")} with session affinity (${listed(sticky.map(nameOf), 4)}): 100 clients per endpoint are remembered by default`,
      servicePort: sticky.length === 1 ? first.id : null,
      effect: `Beyond that, and behind a shared address, clients change their endpoint or share one.${several.length === 0 ? "" : ` A client may get different endpoints for different ports of ${listed(several)}.`}`,
    });
  },
};
