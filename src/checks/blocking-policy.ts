import type { Frontend } from "../kubernetes/service-map.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import { type ChainId, NONE } from "../netfilter/ruleset.ts";
import { BUILT_IN, type TableName } from "../netfilter/table.ts";
import type { Check, Draft } from "./check.ts";
import type { Client } from "./clients.ts";
import type { Context } from "./context.ts";
import type { Severity } from "./finding.ts";
import { type Outcome, shareOf } from "./probe.ts";
import { samplePorts } from "./samples.ts";
import { frontendInWords, nameOf } from "./service-words.ts";
import { counted, listed, percent } from "./words.ts";

/** KUBE-FORWARD accepts marked packets and replies, no more: first packets of pods need a rule of the pod network's. */
export const blockingPolicy: Check = {
  id: "blocking-policy",
  severity: "error",
  confidence: "certain",
  summary: "The policy DROP of a built-in chain keeps connections from Services",
  why: "Docker and host firewalls set the policy of FORWARD to DROP. kube-proxy's KUBE-FORWARD accepts only what it marked for SNAT, and replies; connections between pods, from pods to Services and to NodePorts with externalTrafficPolicy Local need a rule of the pod network that accepts them. If there is none they are dropped.",
  evidence: "The trace of a connection ends at the policy of a built-in chain.",
  confirm:
    "iptables -S FORWARD | head -1; iptables -L FORWARD -nv | head -1 (the policy's counter rises with each try)",
  whenFine:
    "Where pods' packets do not pass this chain at all, as with eBPF host routing or Open vSwitch: information then, if the capture has no rule of a pod network.",
  remedy:
    'Let the pod network accept its own (flannel\'s FLANNEL-FWD, Calico, --cluster-cidr), or: iptables -P FORWARD ACCEPT. For Docker set "iptables": false or ip-forward-no-drop.',
  references: [
    "https://github.com/kubernetes/kubernetes/issues/39823",
    "https://github.com/kubernetes/kubernetes/issues/40182",
    "https://github.com/kubernetes/kubernetes/issues/108718",
    "https://github.com/k3s-io/k3s/issues/934",
    "https://github.com/projectcalico/calico/issues/875",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat", "filter"],
  run(context, report) {
    for (const { name: table } of context.ruleset.tables)
      for (const hook of BUILT_IN[table]) {
        const chain = context.ruleset.chain(table, hook);
        if (chain === NONE || context.store.policy(chain) !== "DROP") continue;
        const dropped = droppedBy(context, table, hook);
        if (dropped.length > 0) report(draftOf(context, table, hook, dropped));
        else if (table !== "filter" && table !== "security") report(oddPolicy(chain, table, hook));
      }
  },
};

/** Nobody filters there; iptables even refuses DROP rules in nat. */
function oddPolicy(chain: ChainId, table: TableName, hook: string): Draft {
  return {
    at: { chain },
    message: `the policy of ${table} ${hook} is DROP`,
    label: "what no rule accepts is dropped",
    effect:
      "No effect on the connections that were traced. Nobody filters in this chain: packets to the node itself, or of other kinds, may be lost here.",
    severity: "warning",
    confidence: "likely",
    confirm: `iptables -t ${table} -S ${hook}`,
  };
}

interface Dropped {
  readonly port: ServicePort;
  readonly frontend: Frontend;
  readonly client: Client;
  readonly share: number;
}

function droppedBy(context: Context, table: TableName, hook: string): Dropped[] {
  const found: Dropped[] = [];
  const isPolicy = ({ kind, rule, where }: Outcome): boolean =>
    kind === "dropped" && rule === NONE && where === `${table} ${hook}`;
  for (const port of samplePorts(context.services))
    for (const frontend of port.frontends.slice(0, 6)) {
      if (frontend.fate !== "forwarded") continue;
      for (const kind of ["outside", "pod", "node"] as const) {
        const client = context.client(kind);
        const probe = context.probe(client, frontend);
        if (client === undefined || probe === null) continue;
        const share = shareOf(probe.outcomes, isPolicy).least;
        if (share > 0.001) found.push({ port, frontend, client, share });
      }
    }
  return found;
}

const NOT_FOREIGN: ReadonlySet<string> = new Set(["kube-proxy", "the kubelet"]);

/** Somebody else than kube-proxy and the kubelet has a say in what is forwarded here. */
function hasPodNetwork({ services, ruleset, claims }: Context): boolean {
  if (services.owners.some(({ owner }) => !NOT_FOREIGN.has(owner.name))) return true;
  const chain = ruleset.chain("filter", "FORWARD");
  if (chain === NONE) return false;
  for (const rule of ruleset.rulesOf(chain)) if (claims.candidate(rule) === null) return true;
  return false;
}

function draftOf(context: Context, table: TableName, hook: string, dropped: readonly Dropped[]): Draft {
  const ofNodePorts = dropped.filter(
    ({ client, frontend, port }) =>
      client.kind === "outside" && frontend.kind === "nodePort" && port.externalTrafficPolicy === "Cluster",
  );
  const ofPods = dropped.filter(({ client }) => client.kind === "pod");
  const [first] = [...ofNodePorts, ...ofPods, ...dropped] as [Dropped];
  const isBare = table === "filter" && hook === "FORWARD" && ofNodePorts.length === 0 && !hasPodNetwork(context);
  const severity: Severity = isBare ? "info" : table === "filter" && hook === "OUTPUT" ? "warning" : "error";
  const chain = context.ruleset.chain(table, hook);
  const services = [...new Set(dropped.map(({ port }) => nameOf(port)))];
  const way = `from ${first.client.label} to ${frontendInWords(first.frontend)} of ${nameOf(first.port)}`;
  const bare = isBare
    ? " No rule of a pod network is in this capture, so pods may take a way that does not pass this chain."
    : "";
  return {
    at: { chain },
    label: "what no rule accepts is dropped",
    message: `the policy DROP of ${table} ${hook} drops connections ${way}${services.length > 1 ? `, and ${counted(dropped.length - 1, "more way")} to ${listed(services, 4)}` : ""}`,
    servicePort: first.port.id,
    effect: `Traced: ${percent(first.share)} of the connections ${way} are dropped by the policy.${ofNodePorts.length === 0 && hook === "FORWARD" ? " NodePorts with externalTrafficPolicy Cluster work: KUBE-FORWARD accepts what is marked." : ""}${bare}`,
    severity,
    confidence: isBare ? "hint" : "certain",
    confirm: `iptables -t ${table} -S ${hook}`,
  };
}
