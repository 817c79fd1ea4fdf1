import { NONE } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import { misnamedEndpoints } from "./misnamed.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { nameOf } from "./service-words.ts";
import { counted, listed } from "./words.ts";

/** pkg/proxy/topology.go, CategorizeEndpoints: local endpoints are those of the cluster on this node, or, where none is ready, those that end. */
export const missingClusterEndpoint: Check = {
  id: "missing-cluster-endpoint",
  severity: "warning",
  confidence: "likely",
  summary: "An endpoint of this node gets connections from outside, but none from the cluster",
  why: "Endpoints on this node are endpoints of the cluster too. One that is missing there was cut off: pods that use the cluster IP do not reach it.",
  evidence: "KUBE-SVL or KUBE-XLB leads to several endpoints, and KUBE-SVC to some of them but not to all.",
  confirm: "iptables-save -t nat | grep KUBE-SEP-...",
  whenFine:
    "Where no endpoint of this node is ready, those that are being terminated serve in their place; then none of them is in KUBE-SVC.",
  remedy: RESTART_KUBE_PROXY,
  references: ["https://github.com/kubernetes/kubernetes/blob/v1.30.5/pkg/proxy/topology.go"],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    const { ruleset, endpoints, services } = context;
    const strangers = new Set(misnamedEndpoints(context).flatMap(({ owner, port }) => (owner === null ? [] : [port])));
    for (const port of context.suspects.all) {
      const local = port.chain("svl") === NONE ? port.chain("xlb") : port.chain("svl");
      const svc = port.chain("svc");
      // a jump that was bent to another Service is said to be so
      if (local === NONE || svc === NONE || strangers.has(port)) continue;
      const cluster = new Set(port.jumps(svc).map((jump) => jump.chain));
      const jumps = port.jumps(local);
      const missing = jumps.filter((jump) => !cluster.has(jump.chain));
      const [first] = missing;
      // since 1.22 endpoints that are being terminated may serve where no other is on the node
      const mayTerminate = services.parameters.era !== "1.20" && missing.length === jumps.length;
      if (first === undefined || cluster.size === 0 || mayTerminate) continue;
      const addresses = missing.map((jump) => endpoints.address(jump.chain) ?? ruleset.chainName(jump.chain));
      report({
        at: { rule: first.rule },
        label: "leads to an endpoint to which the Service's chain for the cluster does not",
        message: `${counted(missing.length, "local endpoint")} of ${nameOf(port)} ${missing.length === 1 ? "is" : "are"} missing from ${ruleset.chainName(svc)}: ${listed(addresses)}`,
        servicePort: port.id,
        effect: `${listed(addresses)} ${missing.length === 1 ? "gets" : "get"} no connections to the cluster IP; the other endpoints share them.`,
      });
    }
  },
};
