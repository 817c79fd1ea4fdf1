import { NONE } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import { bitsOf, isWithin, networkOf } from "./clients.ts";
import { nameOf } from "./service-words.ts";

/** --cluster-cidr is the network of the pods; set to the Services' network, or to everything, it marks the wrong packets. */
export const localDetectorTooWide: Check = {
  id: "local-detector-too-wide",
  severity: "error",
  confidence: "certain",
  summary: "The network that is taken for the pods' own holds the Services too",
  why: "kube-proxy leaves the source of pods alone and rewrites that of everybody else. If the network is 0.0.0.0/0 nothing is ever rewritten, and replies to clients outside of the cluster go astray; if it is that of the Services, pods are rewritten that should not be, and NetworkPolicy sees the node instead of them.",
  evidence: "`! -s NETWORK` before KUBE-MARK-MASQ with a network that holds cluster IPs.",
  confirm: "kubectl -n kube-system get configmap kube-proxy -o yaml | grep clusterCIDR",
  whenFine: "Never: Services and pods have networks of their own.",
  remedy: "Set --cluster-cidr (clusterCIDR in the ConfigMap kube-proxy) to the pods' network and restart kube-proxy.",
  references: [
    "https://github.com/kubernetes/kubeadm/issues/102",
    "https://github.com/kubernetes/kubernetes/issues/79866",
    "https://github.com/kubernetes/kubernetes/issues/44916",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    const { services, ruleset } = context;
    const detector = services.parameters.localDetector;
    const network = detector?.kind === "cidr" ? networkOf(detector.value, ruleset.family ?? 4) : null;
    if (detector === null || network === null) return;
    const start = commonText(detector.value);
    const isV4 = !detector.value.includes(":");
    const ports = isV4 ? services.withClusterIPIn(Number(network.bits), Number(network.mask)) : services.servicePorts;
    const inside = ports.filter((port) => {
      const clusterIP = services.clusterIP(port);
      if (clusterIP === null || (!clusterIP.startsWith(start) && QUAD.test(clusterIP))) return false;
      const bits = bitsOf(clusterIP);
      return bits !== null && isWithin(bits, network);
    });
    const [first] = inside;
    if (first === undefined) return;
    const chain = first.clusterFrontend?.chain ?? NONE;
    const mark = context.ruleIn(chain, "masquerade-cluster-ip");
    const everything = network.mask === 0n;
    report({
      at: mark === NONE ? { rule: first.evidence[0] ?? 0 } : { rule: mark },
      message: `${detector.value} is taken for the pods' network, and ${inside.length} of ${services.servicePorts.length} cluster IPs lie in it, ${first.clusterIP} of ${nameOf(first)} among them`,
      effect: everything
        ? "No source is ever rewritten: clients outside the cluster that use a cluster IP through this node get no reply from endpoints on other nodes."
        : "Pods outside that network are taken for strangers: endpoints and NetworkPolicy see an address of this node instead of the pod's.",
    });
  },
};

/** As iptables prints an IPv4 address; a person may write it otherwise. */
const QUAD = /^(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){3}$/;

/** What the text of every IPv4 address in the network starts with: `10.244.` of 10.244.0.0/16. IPv6 has several texts for one address. */
function commonText(network: string): string {
  const [address = "", length] = network.split("/");
  if (!QUAD.test(address)) return "";
  const octets = address.split(".").slice(0, Math.min(3, Math.floor(Number(length ?? 32) / 8)));
  return octets.map((octet) => `${octet}.`).join("");
}
