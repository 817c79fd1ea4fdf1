import { hostOf } from "../kubernetes/address-text.ts";
import { hashedChainName } from "../kubernetes/chain-name.ts";
import type { Frontend } from "../kubernetes/service-map.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import { type ChainId, NONE } from "../netfilter/ruleset.ts";
import type { Check, Draft } from "./check.ts";
import type { Context } from "./context.ts";
import { shareOf } from "./probe.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { endpointInWords, frontendInWords, nameOf } from "./service-words.ts";
import { counted, listed, percent } from "./words.ts";

/** pkg/proxy/iptables/proxier.go, syncProxyRules: "Delete chains no longer in use"; in large clusters later. */
export const unreferencedServiceChain: Check = {
  id: "unreferenced-service-chain",
  severity: "error",
  confidence: "likely",
  summary: "No rule leads to the chain of a Service or of an endpoint",
  why: "kube-proxy deletes chains that it no longer uses in the very sync in which it stops using them. One that is left either lost the rule that led to it, then the Service or endpoint gets no connections, or was made by somebody else.",
  evidence:
    "KUBE-SVC, KUBE-SVL, KUBE-EXT, KUBE-FW, KUBE-XLB or KUBE-SEP with a hash for a name is declared, and no rule jumps to it.",
  confirm: "iptables-save -t nat | grep NAME",
  whenFine:
    "In clusters of more than 1,000 endpoints kube-proxy cleans up late, so that such chains are normal: information then.",
  remedy: RESTART_KUBE_PROXY,
  references: [
    "https://github.com/kubernetes/kubernetes/issues/119265",
    "https://github.com/kubernetes/kubernetes/pull/109483",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  followsOthers: true,
  run(context, report) {
    const { chains, isLarge } = context.unreferenced;
    const left = chains.filter((chain) => !context.isNotedUnreferenced(chain));
    if (isLarge) {
      if (left.length > 0) report(draftForLarge(context, left));
      return;
    }
    for (const chain of left)
      report(context.role(chain) === "sep" ? draftForEndpoint(context, chain) : draftForService(context, chain));
  },
};

function draftForLarge(context: Context, chains: readonly ChainId[]): Draft {
  return {
    at: { chain: chains[0] as ChainId },
    message: `no rule leads to ${counted(chains.length, "chain")} of Services or endpoints (${listed(
      chains.map((chain) => context.ruleset.chainName(chain)),
      3,
    )})`,
    effect: "No effect on traffic. In a cluster of this size kube-proxy deletes unused chains late, which is normal.",
    severity: "info",
    remedy: null,
  };
}

function draftForEndpoint(context: Context, chain: ChainId): Draft {
  const { ruleset, endpoints, claims } = context;
  const dnat = endpoints.dnatOf(chain);
  const name = dnat === NONE ? null : claims.name(dnat);
  const port = portNamed(context, name);
  const of = name === null ? "" : ` of ${name}`;
  const where = endpointInWords(ruleset.chainName(chain), endpoints.address(chain));
  const others = port?.endpoints.filter(({ share }) => (share ?? 0) > 0) ?? [];
  const effect =
    port === null
      ? "No effect on traffic: no Service here uses it."
      : `${endpoints.address(chain) ?? "The endpoint"} gets no connections to ${nameOf(port)}${others.length === 0 ? "" : "; they go "}${listed(others.map(({ address, share }) => `${percent(share ?? 0)} to ${address ?? "?"}`))}. Either it is no longer an endpoint and its chain is left over, or the rule that led to it is gone.`;
  return {
    at: { chain },
    message: `no rule leads to ${where}${of}`,
    servicePort: port?.id ?? null,
    effect,
    severity: "warning",
    confirm: `iptables-save -t nat | grep ${ruleset.chainName(chain)}`,
  };
}

function draftForService(context: Context, chain: ChainId): Draft {
  const { ruleset, services } = context;
  const chainName = ruleset.chainName(chain);
  const suffix = hashedChainName(chainName)?.suffix ?? "";
  const port =
    [...services.servicePorts, ...services.detachedServicePorts].find((each) => each.chainHash === suffix) ?? null;
  const dead = port === null ? null : deadAddress(context, port);
  const of = port?.id == null ? "" : ` of ${port.id}`;
  const endpoints = port?.endpoints.map(({ address }) => address ?? "?") ?? [];
  const reached =
    port === null || port.id === null || endpoints.length === 0
      ? "No effect on traffic: no Service here uses it."
      : `Nothing that comes in by this chain reaches ${listed(endpoints)}. Either the Service is gone and its chains are left over, or the rule that led to it is.`;
  return {
    at: { chain },
    message: `no rule leads to ${chainName}${of}${dead === null ? "" : `: ${dead.words} leads nowhere`}`,
    servicePort: port?.id ?? null,
    effect: dead?.effect ?? reached,
    severity: dead === null ? "warning" : "error",
    confirm: `iptables-save -t nat | grep ${chainName}`,
  };
}

/** The cluster IP that a chain's own mark shows, where no packet to it gets an endpoint. */
function deadAddress(context: Context, port: ServicePort): { words: string; effect: string } | null {
  const chain = port.chain("svc");
  const mark = context.ruleIn(chain, "masquerade-cluster-ip");
  if (port.clusterFrontend !== null || mark === NONE) return null;
  const { claims } = context;
  const ip = hostOf(claims.value(mark, "clusterIP") ?? "/");
  if (ip === null) return null;
  const frontend: Frontend = {
    kind: "clusterIP",
    ip,
    port: Number(claims.value(mark, "port")),
    protocol: claims.value(mark, "protocol"),
    fate: "forwarded",
    rule: mark,
    chain,
  };
  const probe = context.probe(context.client("pod") ?? context.client("node"), frontend);
  if (probe === null || shareOf(probe.outcomes, ({ kind }) => kind === "untranslated").least < 1) return null;
  return {
    words: frontendInWords(frontend),
    effect: `Traced: connections to ${frontendInWords(frontend)} of ${nameOf(port)} get no endpoint; they leave the node with the cluster IP as their destination, which no host has.`,
  };
}

function portNamed(context: Context, name: string | null): ServicePort | null {
  return name === null ? null : (context.services.byName(name)[0] ?? null);
}
