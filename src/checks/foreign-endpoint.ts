import type { Check, Draft } from "./check.ts";
import type { Context } from "./context.ts";
import { type Misnamed, misnamedEndpoints } from "./misnamed.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { endpointInWords, nameOf } from "./service-words.ts";
import { lostEndpoints } from "./share-fault.ts";
import { listed, percent } from "./words.ts";

/** pkg/proxy/iptables/proxier.go: each Service port has chains of its own for its endpoints, even where pods serve several. */
export const foreignEndpoint: Check = {
  id: "foreign-endpoint",
  severity: "error",
  confidence: "certain",
  summary: "A Service sends connections to the endpoint of another Service",
  why: "The chain of an endpoint belongs to one Service port: its name is the hash of that Service's name. A jump to another one's chain sends clients to a program that they did not ask for.",
  evidence:
    "A jump from KUBE-SVC, KUBE-SVL or KUBE-XLB to a KUBE-SEP chain whose comment and hash name another Service port.",
  confirm: "iptables -t nat -S KUBE-SVC-...",
  whenFine: "Never; a pod that serves two Services has two chains.",
  remedy: RESTART_KUBE_PROXY,
  references: ["https://github.com/kubernetes/kubernetes/issues/114537"],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    for (const found of misnamedEndpoints(context)) if (found.owner !== null) report(draftOf(context, found));
  },
};

function draftOf(context: Context, { port, chain, address, owner }: Misnamed): Draft {
  const { ruleset } = context;
  const name = nameOf(port);
  const chainName = ruleset.chainName(chain);
  const jumps = [port.chain("svc"), port.chain("svl"), port.chain("xlb")]
    .flatMap((each) => port.jumps(each))
    .filter((jump) => jump.chain === chain);
  const rule = jumps[0]?.rule;
  const share = port.endpoints.find((each) => each.chain === chainName)?.share ?? null;
  const lost = lostEndpoints(context, port);
  context.noteUnreferenced(lost);
  const names = lost.map((each) => endpointInWords(ruleset.chainName(each), context.endpoints.address(each)));
  const effect = context.effectOn(port);
  return {
    at: rule === undefined ? { chain } : { rule },
    label: `leads to an endpoint of ${owner ?? "another Service"}`,
    message: `${name} sends ${share === null ? "connections" : `${percent(share)} of its connections`} to ${endpointInWords(chainName, address)}, an endpoint of ${owner ?? "another Service"}${names.length === 0 ? "" : `; nothing leads to its own ${listed(names)}`}`,
    related: lost.slice(0, 3).map((each) => ({ at: { chain: each }, label: "no rule leads here" })),
    servicePort: port.id,
    effect: `Clients of ${name} reach ${address}, which serves ${owner ?? "another Service"}.${effect.harms.length === 0 ? "" : ` ${effect.text}`}`,
    confirm: `iptables-save -t nat | grep ${chainName}`,
  };
}
