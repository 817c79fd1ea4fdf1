import type { ServicePort } from "../kubernetes/service-port.ts";
import { type ChainId, NONE } from "../netfilter/ruleset.ts";
import type { Context } from "./context.ts";
import { Judge } from "./pristine.ts";

/** Service ports that are not known to be exactly as kube-proxy writes them: on a healthy node none or few. */
export interface Suspects {
  /** Their rules have to be compared one by one with what kube-proxy writes. */
  readonly odd: readonly ServicePort[];
  /**
   * Those, and the ones whose names no hash proves or whose addresses another claims. A fault of a single Service is with one of these:
   * each of the others has one rule for its cluster IP and at most one for a NodePort, which name it and lead on, nobody else claims
   * either; its chains hold the mark, if others have one, and an even choice of endpoints, without affinity or source ranges; its
   * endpoints' chains hold the mark and the translation to the one address that their own names prove.
   */
  readonly all: readonly ServicePort[];
  /** By chain: 1 for the chains of all others, those of their endpoints included. No rule in them is anything but what it has to be. */
  readonly soundChains: Uint8Array;
}

export function suspectsOf(context: Context): Suspects {
  const judge = new Judge(context);
  const { servicePorts } = context.services;
  const odd: ServicePort[] = [];
  const all: ServicePort[] = [];
  const soundChains = new Uint8Array(context.store.chainCount);
  for (let i = 0; i < servicePorts.length; i++) {
    const port = servicePorts[i] as ServicePort;
    const isOdd = !judge.isPristine(port);
    if (isOdd) odd.push(port);
    if (isOdd || !judge.isProven(port)) all.push(port);
    else markChains(context, port, soundChains);
  }
  return { odd, all, soundChains };
}

/** Those of a Service port without source ranges, affinity and local endpoints. */
function markChains({ store, claims }: Context, port: ServicePort, marked: Uint8Array): void {
  const svc = port.chain("svc");
  const ext = port.chain("ext");
  marked[svc] = 1;
  if (ext !== NONE) marked[ext] = 1;
  for (let rule = store.firstRule(svc); rule !== NONE; rule = store.nextRule(rule)) {
    const endpoint: ChainId = store.targetChain(rule);
    if (endpoint !== NONE && claims.isServiceChain(endpoint)) marked[endpoint] = 1;
  }
}
