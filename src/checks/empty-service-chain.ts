import type { ServicePort } from "../kubernetes/service-port.ts";
import { type ChainId, NONE } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import type { Context } from "./context.ts";
import { shareOf } from "./probe.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { endpointInWords, frontendInWords, nameOf } from "./service-words.ts";
import { lostEndpoints } from "./share-fault.ts";
import { listed } from "./words.ts";

/** A Service without endpoints has no chain in nat at all, and a REJECT in filter; a chain without endpoints is neither. */
export const emptyServiceChain: Check = {
  id: "empty-service-chain",
  severity: "error",
  confidence: "certain",
  summary: "Connections to a Service are led into a chain that has no endpoint",
  why: "kube-proxy refuses connections to a Service without endpoints. Here they are neither dealt to an endpoint nor refused: they keep the Service's address and hang until they time out.",
  evidence:
    "A cluster IP, NodePort or external IP leads to a KUBE-SVC chain (or KUBE-SVL, KUBE-XLB) with no jump to a KUBE-SEP chain, or to a KUBE-EXT or KUBE-FW chain without any rule, and table filter does not refuse it.",
  confirm: "iptables -t nat -S KUBE-SVC-...",
  whenFine: "Never.",
  remedy: RESTART_KUBE_PROXY,
  references: [
    "https://github.com/kubernetes/kubernetes/issues/17359",
    "https://github.com/kubernetes/kubernetes/issues/78994",
    "https://github.com/kubernetes/kubernetes/issues/60124",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat", "filter"],
  run(context, report) {
    for (const port of context.suspects.all) {
      const chain = emptyChain(context, port);
      if (chain === NONE) continue;
      const isOutside = chain === port.chain("ext") || chain === port.chain("fw");
      const ways = port.frontends.filter(
        (frontend) =>
          frontend.fate === "forwarded" &&
          isLost(context, port, frontend.rule) &&
          !(isOutside && frontend.kind === "clusterIP"),
      );
      const [first] = ways;
      if (first === undefined) continue;
      const chainName = context.ruleset.chainName(chain);
      const lost = isOutside ? [] : lostEndpoints(context, port);
      const names = lost.map((each) =>
        endpointInWords(context.ruleset.chainName(each), context.endpoints.address(each)),
      );
      context.deviations.take((each) => each.port === port && (!isOutside || each.chain === chain));
      context.noteUnreferenced(lost);
      report({
        at: { chain },
        label: context.store.firstRule(chain) === NONE ? "is empty" : "has no jump to an endpoint",
        message: `${listed(ways.map(frontendInWords), 3)} of ${nameOf(port)} ${ways.length === 1 ? "leads" : "lead"} to ${chainName}, which ${isOutside ? "is empty" : "has no endpoint"}`,
        related: [
          { at: { rule: first.rule }, label: `${frontendInWords(first)} goes here`, before: true },
          ...lost.slice(0, 3).map((each) => ({ at: { chain: each }, label: "an endpoint to which no rule leads" })),
        ],
        servicePort: port.id,
        effect: `Traced: all connections to ${frontendInWords(first)} keep their destination and get no endpoint.${names.length === 0 ? "" : ` Its endpoints are still there, with nothing leading to them: ${listed(names)}.`}`,
        confirm: `iptables -t nat -S ${chainName}`,
      });
    }
  },
};

function emptyChain(context: Context, port: ServicePort): ChainId {
  for (const role of ["svc", "svl", "xlb"] as const) {
    const chain = port.chain(role);
    if (chain === NONE || context.ruleIn(chain, "endpoint") !== NONE || context.ruleset.callers(chain).length === 0)
      continue;
    // before 1.25 what finds no endpoint of this node is marked there to be dropped
    if (context.ruleIn(chain, "no-local-endpoints") !== NONE) continue;
    if (role === "svc" || port.chain("svc") === NONE) return chain;
  }
  for (const role of ["ext", "fw"] as const) {
    const chain = port.chain(role);
    if (chain !== NONE && context.store.firstRule(chain) === NONE && context.ruleset.callers(chain).length > 0)
      return chain;
  }
  return NONE;
}

function isLost(context: Context, port: ServicePort, rule: number): boolean {
  const frontend = port.frontends.find((each) => each.rule === rule);
  if (frontend === undefined) return false;
  const probe = context.probe(context.client("pod") ?? context.client("outside"), frontend);
  return probe !== null && shareOf(probe.outcomes, ({ kind }) => kind === "untranslated").least > 0.999;
}
