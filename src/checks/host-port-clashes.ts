import type { HostPort } from "../kubernetes/host-ports.ts";
import { isForPort } from "../kubernetes/host-ports.ts";
import { type ChainId, NONE, type RuleId } from "../netfilter/ruleset.ts";
import { BUILT_IN } from "../netfilter/table.ts";
import type { Check } from "./check.ts";
import type { Context } from "./context.ts";
import { shareOf } from "./probe.ts";
import { frontendInWords, nameOf } from "./service-words.ts";

const ownerOf = ({ owner }: HostPort): string => owner?.name ?? "a rule of nobody known";

/** Of two rules for one port of the node the one that is asked first wins. */
export const hostPortNodePortClash: Check = {
  id: "host-port-node-port-clash",
  severity: "warning",
  confidence: "certain",
  summary: "A host port and a NodePort have the same number",
  why: "Both take connections to that port of the node. nat asks PREROUTING in order: one of the two is dead.",
  evidence:
    "A rule of KUBE-NODEPORTS and a DNAT of somebody else (CNI portmap, Docker) ask for the same protocol and port.",
  confirm: "iptables-save -t nat | grep -w PORT",
  whenFine: "Where the host port is bound to one address that no client of the NodePort uses.",
  remedy: "Give the pod another hostPort, or the Service another nodePort.",
  references: [
    "https://github.com/kubernetes/kubernetes/issues/100643",
    "https://github.com/cloudnativelabs/kube-router/issues/612",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    const { hostPorts, servicePorts } = context.services;
    const asked = hostPorts.filter(({ ports, owner }) => ports !== "" && owner !== null).slice(0, 500);
    if (asked.length === 0) return;
    for (const port of servicePorts)
      for (const frontend of port.frontends) {
        if (frontend.kind !== "nodePort" || frontend.port === null || frontend.fate !== "forwarded") continue;
        const clash = asked.find((each) => isForPort(each, frontend.port as number, frontend.protocol ?? undefined));
        if (clash === undefined) continue;
        const wins = winner(context, frontend, clash);
        report({
          at: { rule: clash.jump === NONE ? clash.rule : clash.jump },
          label: `${ownerOf(clash)} sends it to ${clash.destination}`,
          message: `${frontendInWords(frontend)} of ${nameOf(port)} is a host port of ${ownerOf(clash)} too`,
          related: [{ at: { rule: frontend.rule }, label: `the NodePort of ${nameOf(port)}` }],
          servicePort: port.id,
          severity: clash.ip === null ? "warning" : "info",
          effect: wins,
        });
      }
  },
};

function winner(context: Context, frontend: Parameters<Context["probe"]>[1], clash: HostPort): string {
  const probe = context.probe(context.client("outside"), frontend);
  if (probe === null) return "Which of them wins was not traced.";
  const toHostPort = shareOf(probe.outcomes, ({ way }) => way.includes(clash.rule));
  if (toHostPort.least > 0.999)
    return `Traced from outside: all connections go to ${clash.destination}; the NodePort is dead.`;
  if (toHostPort.most < 0.001) return "Traced from outside: all connections go to the Service; the host port is dead.";
  return "Which of them wins hangs on what the capture does not show.";
}

const isBuiltIn = (chain: string): boolean => BUILT_IN.nat.includes(chain);

/** kubelet and CNI plugins delete a pod's rules when it ends; sometimes they do not. */
export const duplicateHostPort: Check = {
  id: "duplicate-host-port",
  severity: "warning",
  confidence: "likely",
  summary: "A host port leads to two pods",
  why: "The first rule takes all connections. Mostly it is that of a pod that is gone, whose rules were not taken away: the port is dead until they are.",
  evidence: "Two rules of one chain for one address, protocol and port of the node with different destinations.",
  confirm: "iptables -t nat -S CNI-HOSTPORT-DNAT",
  whenFine: "For seconds while a pod is replaced.",
  remedy:
    "See which address a pod still has (kubectl get pods -A -o wide), and delete the rules of the other: iptables -t nat -D CNI-HOSTPORT-DNAT ...",
  references: [
    "https://github.com/projectcalico/calico/issues/3412",
    "https://github.com/containernetworking/plugins/issues/683",
    "https://github.com/kubernetes/kubernetes/issues/58336",
  ],
  since: "0.1.0",
  subject: "netfilter",
  needs: ["nat"],
  run({ services, ruleset }, report) {
    const first = new Map<string, HostPort>();
    const entryOf = ({ jump, rule }: HostPort): RuleId =>
      jump === NONE ? (ruleset.callers(ruleset.chainOf(rule))[0] ?? rule) : jump;
    // chains that a built-in chain leads to one after the other are meant so
    const askerOf = (hostPort: HostPort): ChainId => {
      const chain = ruleset.chainOf(entryOf(hostPort));
      return isBuiltIn(ruleset.chainName(chain)) ? ruleset.chainOf(hostPort.rule) : chain;
    };
    for (const each of services.hostPorts) {
      if (each.owner === null || each.protocol === null) continue;
      for (const range of each.ports.split(",")) {
        if (range === "") continue;
        const key = `${askerOf(each)} ${each.ip ?? ""} ${each.protocol} ${range}`;
        const known = first.get(key);
        if (known === undefined) first.set(key, each);
        else if (ruleset.chainOf(known.rule) !== ruleset.chainOf(each.rule) && known.destination !== each.destination)
          report({
            at: { rule: entryOf(each) },
            label: "is never asked",
            message: `host port ${range}/${each.protocol}${each.ip === null ? "" : ` of ${each.ip}`} leads to ${known.destination} and to ${each.destination}`,
            related: [
              { at: { rule: entryOf(known) }, label: `takes all connections to ${known.destination}`, before: true },
            ],
            effect: `All connections go to ${known.destination}. If that pod is gone, the port is dead.`,
          });
      }
    }
  },
};

/** CNI plugins append their jumps; whoever flushes nat takes them, and only a new pod brings them back. */
export const unhookedHostPorts: Check = {
  id: "unhooked-host-ports",
  severity: "warning",
  confidence: "certain",
  summary: "Host ports have rules, and nothing leads to them",
  why: "CNI portmap makes its chain and the jumps to it when a pod starts. After a flush of nat they are gone until the next pod with a host port starts: ports 80 and 443 of an ingress are dead, and kube-proxy's own rules are long back.",
  evidence: "CNI-HOSTPORT-DNAT, KUBE-HOSTPORTS or CRIO-HOSTPORTS-DNAT has rules and no rule jumps to it.",
  confirm: "iptables -t nat -S PREROUTING; iptables -t nat -S OUTPUT",
  whenFine: "Never.",
  remedy: "Restart the pods with host ports. Find out what flushes nat.",
  references: [
    "https://github.com/rancher/rke2/issues/10469",
    "https://github.com/containernetworking/plugins/issues/512",
  ],
  since: "0.1.0",
  subject: "netfilter",
  needs: ["nat"],
  run({ ruleset, store }, report) {
    for (const name of ["CNI-HOSTPORT-DNAT", "KUBE-HOSTPORTS", "CRIO-HOSTPORTS-DNAT"]) {
      const chain = ruleset.chain("nat", name);
      if (
        chain === NONE ||
        store.firstRule(chain) === NONE ||
        !store.isDeclared(chain) ||
        ruleset.callers(chain).length > 0
      )
        continue;
      report({
        at: { chain },
        label: "no rule leads here",
        message: `nothing leads to ${name}: no host port is reached`,
        effect: "Connections to the host ports in it are not translated.",
      });
    }
  },
};

/** cni#577: the first jump in PREROUTING wins. */
export const hostPortBeforeServices: Check = {
  id: "host-port-before-services",
  severity: "info",
  confidence: "hint",
  summary: "Host ports are asked before Services",
  why: "A host port without an address takes connections to every address of the node. If a load balancer IP or external IP is such an address, connections to that port of it end at the pod with the host port, not at the Service.",
  evidence:
    "PREROUTING jumps to CNI-HOSTPORT-DNAT before KUBE-SERVICES, and a load balancer IP or external IP has the port of a host port.",
  confirm: "iptables -t nat -S PREROUTING; ip addr | grep ADDRESS",
  whenFine: "Where the address is not this node's own, or the pod is the Service's load balancer (k3s ServiceLB).",
  remedy: "Update CNI portmap to 0.7 or later, which appends its jump.",
  references: [
    "https://github.com/containernetworking/cni/issues/577",
    "https://github.com/kubernetes/kubeadm/issues/985",
    "https://github.com/kubernetes/kubernetes/issues/66103",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    const { ruleset, store, services } = context;
    const chain = ruleset.chain("nat", "PREROUTING");
    if (chain === NONE) return;
    const names = context
      .rulesOf(chain)
      .map((rule) => (store.targetChain(rule) === NONE ? "" : ruleset.chainName(store.targetChain(rule))));
    const at = names.indexOf("CNI-HOSTPORT-DNAT");
    const own = names.indexOf("KUBE-SERVICES");
    if (at < 0 || own < 0 || own < at) return;
    const open = services.hostPorts.filter(({ ip, ports }) => ip === null && ports !== "").slice(0, 200);
    for (const port of services.servicePorts)
      for (const frontend of port.frontends) {
        if (frontend.ip === null || frontend.kind === "clusterIP" || frontend.port === null) continue;
        const clash = open.find((each) => isForPort(each, frontend.port as number, frontend.protocol ?? undefined));
        if (clash === undefined) continue;
        report({
          at: { rule: context.rulesOf(chain)[at] as number },
          label: "is asked before KUBE-SERVICES",
          message: `host port ${frontend.port}/${frontend.protocol} is asked before ${frontendInWords(frontend)} of ${nameOf(port)}`,
          related: [{ at: { rule: frontend.rule }, label: "the Service's rule" }],
          servicePort: port.id,
          effect: `If ${frontend.ip} is an address of this node, connections to it go to ${clash.destination}.`,
        });
        return;
      }
  },
};
