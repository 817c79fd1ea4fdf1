import { NONE } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import { misnamedEndpoints } from "./misnamed.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { percent } from "./words.ts";

/** pkg/proxy/iptables/proxier.go, servicePortEndpointChainName: the hash of Service port, protocol and endpoint. */
export const misdirectedEndpoint: Check = {
  id: "misdirected-endpoint",
  severity: "error",
  confidence: "certain",
  summary: "The chain of an endpoint sends connections to another address than its name says",
  why: "The name of a KUBE-SEP chain is a hash of the Service port and of the endpoint's address. Where the DNAT rule names another address, somebody changed it: that share of the connections goes to a host that is no endpoint of the Service, or to the wrong port.",
  evidence:
    "base32(sha256(namespace/name:port + protocol + address)) is not what follows KUBE-SEP-; often the mark for hairpins and the comments of the jumps still have the right address.",
  confirm: "iptables -t nat -S KUBE-SEP-...",
  whenFine: "In texts in which addresses were made unreadable on purpose before they were shared.",
  remedy: RESTART_KUBE_PROXY,
  references: ["https://github.com/kubernetes/kubernetes/issues/114537"],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    const { claims, endpoints, ruleset } = context;
    const found = misnamedEndpoints(context).filter(({ owner }) => owner === null);
    if (found.length === 0) return;
    const all = context.services.servicePorts.reduce((sum, port) => sum + port.endpointChains().length, 0);
    const isRewritten = found.length > 3 && found.length * 2 > all;
    for (const { chain, address, proven, name } of found) {
      const chainName = ruleset.chainName(chain);
      const rule = endpoints.dnatOf(chain);
      const hairpin = endpoints.hairpinOf(chain);
      const share = context.portOf(chain)?.endpoints.find((each) => each.chain === chainName)?.share ?? null;
      context.deviations.take((each) => each.chain === chain && each.slot === "hairpin");
      const instead = proven === null ? "an address that is not its endpoint by the chain's name" : `not to ${proven}`;
      report({
        at: { rule },
        label:
          proven === null
            ? "the chain's name is the hash of another address"
            : `the chain's name is the hash of ${proven}`,
        message: isRewritten
          ? `the names of ${found.length} of ${all} endpoint chains are not the hashes of their addresses`
          : `${chainName} of ${name} sends connections to ${address}, ${instead}`,
        related:
          hairpin === NONE || proven === null
            ? []
            : [
                {
                  at: { rule: hairpin },
                  label: `still has ${claims.value(hairpin, "endpointIP") ?? "?"}`,
                  before: true,
                },
              ],
        servicePort: name,
        severity: isRewritten ? "info" : "error",
        confidence: isRewritten ? "hint" : proven === null ? "likely" : "certain",
        effect: isRewritten
          ? "Addresses or names of this text were probably replaced before it was shared."
          : `${share === null ? "A part" : percent(share)} of the connections to ${name} ${share === null ? "goes" : "go"} to ${address}. If no pod of the Service has that address, they fail.`,
        confirm: `iptables -t nat -S ${chainName}`,
      });
      if (isRewritten) return;
    }
  },
};
