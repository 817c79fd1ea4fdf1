import type { ServicePort } from "../kubernetes/service-port.ts";
import { NONE } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import type { Deviation } from "./deviation.ts";
import { draftOf } from "./deviation-draft.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { endpointInWords, nameOf } from "./service-words.ts";

/** pkg/proxy/iptables/proxier.go, writeServiceToEndpointRules: "Handle traffic that loops back to the originator with SNAT". */
export const missingHairpinMark: Check = {
  id: "missing-hairpin-mark",
  severity: "error",
  confidence: "certain",
  summary: "An endpoint that reaches itself through its Service keeps its own address",
  why: "A pod whose connection to a Service is given back to the pod itself would see a packet from its own address and drop it, or answer itself without the node: the connection hangs. kube-proxy marks this one case for SNAT, endpoint by endpoint.",
  evidence:
    "A KUBE-SEP chain whose DNAT rule is not preceded by `-s ENDPOINT -j KUBE-MARK-MASQ` with the endpoint's own address.",
  confirm: "iptables -t nat -S KUBE-SEP-...",
  whenFine: "Where the endpoint runs on another node, this node's chain is never asked about it.",
  remedy: RESTART_KUBE_PROXY,
  references: [
    "https://github.com/kubernetes/kubernetes/issues/20475",
    "https://github.com/kubernetes/kubernetes/issues/45790",
    "https://github.com/cloudnativelabs/kube-router/issues/1235",
    "https://github.com/kubernetes/website/issues/748",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    const { endpoints, claims } = context;
    const hasDnat = ({ chain }: Deviation): boolean => chain !== NONE && endpoints.dnatOf(chain) !== NONE;
    const found = context.deviations.take(
      (deviation) =>
        deviation.role === "sep" &&
        deviation.slot === "hairpin" &&
        deviation.kind !== "repeated" &&
        deviation.kind !== "unexpected" &&
        hasDnat(deviation),
    );
    for (const [port, deviations] of found)
      for (const deviation of deviations) {
        const address = endpoints.address(deviation.chain) ?? "?";
        const where = `${endpointInWords(deviation.chainName, address)} of ${nameOf(port)}`;
        const asked = claims.value(endpoints.hairpinOf(deviation.chain), "endpointIP");
        const message =
          deviation.kind === "missing"
            ? `${where} has no mark for SNAT of connections that the endpoint makes to itself`
            : deviation.kind === "changed"
              ? `${where} marks connections from ${asked ?? "another source"} for SNAT, not those of its own endpoint`
              : `${where} marks connections that the endpoint makes to itself too late, behind DNAT`;
        const draft = draftOf(context, deviation);
        const isWorse = context.effectOn(port).harms.some(({ kind }) => kind === "source-kept");
        if (isApiServer(port)) report({ ...draft, message, severity: "warning", effect: OF_API_SERVER });
        else report({ ...draft, message, severity: isWorse ? "error" : "warning" });
      }
  },
};

const OF_API_SERVER =
  "No effect where the API server runs in the host's network, as it does nearly everywhere: it is this node itself, or another one whose connections do not come by here.";

const isApiServer = ({ id }: ServicePort): boolean => id === "default/kubernetes:https" || id === "default/kubernetes";
