import { deviationsOf } from "../../../src/checks/compare.ts";
import { contextsOf } from "../../../src/checks/context.ts";
import { NO_FACTS } from "../../../src/checks/facts.ts";
import { nodeDeviationsOf } from "../../../src/checks/node-deviations.ts";
import type { ServiceMap } from "../../../src/kubernetes/service-map-of.ts";

/** Where the rules are not as kube-proxy writes them for what they show: kind, slot, and Service port or chain. */
export function deviationsIn(map: ServiceMap): string[] {
  const [context] = contextsOf([map], NO_FACTS);
  if (context === undefined || map.mode !== "iptables") return [];
  return [
    ...deviationsOf(context).map(({ kind, slot, port }) => `${kind} "${slot}" of ${port.id}`),
    ...nodeDeviationsOf(context).map(({ kind, slot, chainName }) => `${kind} "${slot}" in ${chainName}`),
  ];
}
