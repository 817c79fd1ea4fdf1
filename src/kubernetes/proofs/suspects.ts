import { type ChainId, NONE } from "../../netfilter/ruleset.ts";
import { roleNumber } from "../read/chain-roles.ts";
import type { MapSource } from "../read/map-source.ts";
import type { ServiceMap } from "../service-map-of.ts";
import type { ServicePort } from "../service-port.ts";
import { EndpointProofs } from "./endpoint-proofs.ts";
import { Judge } from "./judge.ts";
import { ServiceProofs } from "./service-proofs.ts";

/** Service ports that are not known to be exactly as kube-proxy writes them: on a healthy node none or few. */
export interface Suspects {
  /** Their rules have to be compared one by one with what kube-proxy writes. */
  readonly odd: readonly ServicePort[];
  /**
   * Those, and the ones whose names no hash proves or whose addresses another claims. A fault of a single Service is with one of these:
   * each of the others has one rule for its cluster IP and at most one for a NodePort, which name it and lead on, each with the mark or
   * the counter before it that its kube-proxy writes; nobody else claims either; its chains hold the mark, if others have one, and an
   * even choice of endpoints, without affinity or source ranges; its endpoints' chains hold the mark and the translation to the one
   * address that their own names prove.
   */
  readonly all: readonly ServicePort[];
  /** By chain: 1 for the chains of all others, those of their endpoints included. No rule in them is anything but what it has to be. */
  readonly soundChains: Uint8Array;
}

const SEP = roleNumber("sep");

/** How a Service port was judged: hashes prove it, or not, or its rules are to be compared. */
const SOUND = 0;
const UNNAMED = 1;
const ODD = 2;

/** @param proofs - `null`: everything is looked at rule by rule */
export function suspectsOf({ source, servicePorts, proofs: known }: ServiceMap, proofs = known): Suspects {
  const judge = new Judge(source, proofs?.endpoints ?? null);
  const verdicts = new Uint8Array(servicePorts.length);
  proofs?.proveNames();
  for (let i = 0; i < verdicts.length; i++) {
    const port = servicePorts[i] as ServicePort;
    if (proofs?.isNamed(port.group) === true) continue;
    verdicts[i] = verdictOn(port, judge);
    if (verdicts[i] === SOUND && proofs?.learn(i) === true) proofs.proveFrom(i + 1);
  }

  if (proofs !== null) source.destinations.addDestinations(proofs, (group) => proofs.isProven(group));
  const odd: ServicePort[] = [];
  const all: ServicePort[] = [];
  const soundChains = proofs?.soundChains() ?? new Uint8Array(source.ruleset.store.chainCount);
  for (let i = 0; i < verdicts.length; i++) {
    const port = servicePorts[i] as ServicePort;
    if (verdicts[i] === ODD) odd.push(port);
    const isSuspect = verdicts[i] !== SOUND || isContested(port, source);
    if (isSuspect) all.push(port);
    const isMarked = proofs?.isNamed(port.group) === true;
    if (isMarked === isSuspect) markChains(source, port, soundChains, isSuspect ? 0 : 1);
  }
  return { odd, all, soundChains };
}

/** So many Service ports are judged in search of models. */
const FEW = 32;

/** Proves Service ports that are like one of the first few; `null` where it does not pay, or where there is no room for it. */
export function proofsOf(
  { source, servicePorts }: ServiceMap,
  endpoints = servicePorts.length === 0 ? null : EndpointProofs.of(source.rules),
): ServiceProofs | null {
  if (endpoints === null) return null;
  const groups = servicePorts.map(({ group }) => group);
  const proofs = ServiceProofs.of(endpoints, source.rules, groups);
  if (proofs === null) return null;
  const judge = new Judge(source, endpoints);
  let judged = 0;
  for (let i = 0; i < groups.length && judged < FEW; i++) {
    const port = servicePorts[i] as ServicePort;
    if (proofs.isProven(port.group)) continue;
    judged++;
    if (verdictOn(port, judge) === SOUND && proofs.learn(i)) proofs.proveFrom(i + 1);
  }
  return proofs;
}

/** How many endpoints the Service ports have that are no suspects. */
export function soundEndpoints({ soundChains }: Suspects, { rules }: MapSource): number {
  let count = 0;
  for (let chain = 0; chain < soundChains.length; chain++)
    if (soundChains[chain] === 1 && rules.roles[chain] === SEP) count++;
  return count;
}

function verdictOn(port: ServicePort, judge: Judge): number {
  if (!judge.isPristine(port)) return ODD;
  return judge.isNamed(port) ? SOUND : UNNAMED;
}

function isContested(port: ServicePort, { destinations }: MapSource): boolean {
  return !destinations.areDistinct && port.frontends.some((frontend) => destinations.isContested(frontend));
}

/** Those of a Service port without source ranges, affinity and local endpoints. */
function markChains({ ruleset, rules }: MapSource, port: ServicePort, marks: Uint8Array, mark: number): void {
  const { store } = ruleset;
  const svc = port.chain("svc");
  const ext = port.chain("ext");
  marks[svc] = mark;
  if (ext !== NONE) marks[ext] = mark;
  for (let rule = store.firstRule(svc); rule !== NONE; rule = store.nextRule(rule)) {
    const endpoint: ChainId = store.targetChain(rule);
    if (endpoint !== NONE && rules.isServiceChain(endpoint)) marks[endpoint] = mark;
  }
}
