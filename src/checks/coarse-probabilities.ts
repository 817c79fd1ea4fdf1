import type { Check } from "./check.ts";
import { nameOf } from "./service-words.ts";
import { percent } from "./words.ts";

/** From so many endpoints on the difference can be measured. */
const MANY = 319;

/** Before 1.17 probabilities were written with five decimals. */
export const coarseProbabilities: Check = {
  id: "coarse-probabilities",
  severity: "info",
  confidence: "certain",
  summary: "Probabilities with five decimals share slightly unevenly among many endpoints",
  why: "kube-proxy before 1.17 rounded to five decimals; with hundreds of endpoints the first ones get up to half a per cent more or less than the others.",
  evidence: "`--probability` values on a grid of 0.00001 in a chain of at least 319 endpoints.",
  confirm: "iptables -t nat -S KUBE-SVC-...",
  whenFine: "Always harmless.",
  remedy: "None needed; kube-proxy since 1.17 writes ten decimals.",
  references: ["https://github.com/kubernetes/kubernetes/pull/83599"],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run({ services }, report) {
    if (services.parameters.probabilityDigits !== 5) return;
    for (const port of services.servicePorts) {
      const chain = port.chain("svc");
      const jumps = port.jumps(chain);
      const [first] = jumps;
      if (first === undefined || jumps.length < MANY || port.balance(chain) !== "even-five-digits") continue;
      report({
        at: { rule: first.rule },
        message: `the shares of the ${jumps.length} endpoints of ${nameOf(port)} differ by rounding from ${percent(1 / jumps.length)}`,
        servicePort: port.id,
        effect: "Not noticeable: differences of at most half a per cent of a share.",
      });
    }
  },
};
