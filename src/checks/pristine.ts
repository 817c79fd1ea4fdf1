import { hostPrefix } from "../kubernetes/address-text.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import { type Claim, claimOf } from "../kubernetes/templates/slots.ts";
import { type ChainId, NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { Context } from "./context.ts";

const CLUSTER_IP = claimOf("nat KUBE-SERVICES", "cluster-ip");
const NODE_PORT = claimOf("nat KUBE-NODEPORTS", "node-port");
const MASQUERADE_ALL = claimOf("ext", "masquerade");
const EXTERNAL_CLUSTER = claimOf("ext", "cluster");
const OLD_MARK = claimOf("nat KUBE-SERVICES", "masquerade-cluster-ip");
const OLD_NODE_PORT_MARK = claimOf("nat KUBE-NODEPORTS", "masquerade");
const OLD_NODE_PORT = claimOf("nat KUBE-NODEPORTS", "to-policy");
const BALANCER = {
  svc: { mark: claimOf("svc", "masquerade-cluster-ip"), endpoint: claimOf("svc", "endpoint") },
  svl: { mark: claimOf("svl", "masquerade-cluster-ip"), endpoint: claimOf("svl", "endpoint") },
} as const;

/**
 * Whether a Service port of the usual kind is exactly as kube-proxy writes it, by its claims and few values. False says nothing but
 * that somebody must compare rule by rule.
 */
export function isPristine(context: Context, port: ServicePort): boolean {
  const { era } = context.services.parameters;
  if (era !== "1.24" && era !== "1.25" && era !== "1.20") return false;
  const svl = port.chain("svl");
  const ext = port.chain("ext");
  if (port.chain("fw") !== NONE || port.chain("xlb") !== NONE || port.chain("svc") === NONE) return false;
  const isOld = era === "1.20";
  if (!(isOld ? hasOldSharedRules(context, port) : hasSharedRules(context, port))) return false;
  if (!isBalancer(context, port, "svc", isOld) || (svl !== NONE && !isBalancer(context, port, "svl", isOld)))
    return false;
  if (ext === NONE ? !isOld && port.frontends.length !== 1 : !isExternal(context, port, ext)) return false;
  const chains = port.endpointChains();
  for (let i = 0; i < chains.length; i++)
    if (!context.endpoints.isPlain(chains[i] as ChainId) || !asksFor(context, port.protocol, chains[i] as ChainId))
      return false;
  return true;
}

/** One rule for each way in, all of them leading on. */
function hasSharedRules({ claims: { claims }, services }: Context, port: ServicePort): boolean {
  const { frontends, sharedRules } = port;
  if (frontends.length !== sharedRules.length || sharedRules.length > 2) return false;
  let clusterIPs = 0;
  for (let i = 0; i < sharedRules.length; i++) {
    const claim = claims[sharedRules[i] as RuleId];
    if (claim === CLUSTER_IP) clusterIPs++;
    else if (claim !== NODE_PORT) return false;
    if (frontends[i]?.fate !== "forwarded" || frontends[i]?.protocol !== port.protocol) return false;
  }
  return clusterIPs === 1 && port.clusterFrontend?.chain === port.chain("svc") && services.parameters.nfacct !== true;
}

/** Whether the chain translates packets of the protocol; what the rule does not say stands for any. */
function asksFor({ endpoints, store }: Context, protocol: string | null, chain: ChainId): boolean {
  if (protocol === null) return true;
  const { matches } = store.shape(endpoints.dnat[chain] as RuleId);
  for (let i = 0; i < matches.length; i++) if (matches[i]?.name === protocol) return true;
  return false;
}

/** Before 1.22: a mark and a jump for the cluster IP, the same for a NodePort. */
function hasOldSharedRules(context: Context, port: ServicePort): boolean {
  const { claims } = context;
  const inServices: RuleId[] = [];
  const inNodePorts: RuleId[] = [];
  for (const rule of [...port.sharedRules].sort((a, b) => a - b)) {
    const claim = claims.claims[rule];
    (claim === OLD_NODE_PORT_MARK || claim === OLD_NODE_PORT ? inNodePorts : inServices).push(rule);
  }
  const [mark, jump] = inNodePorts;
  return (
    context.services.parameters.localDetector?.kind !== "interface" &&
    claimsAre(context, inServices, marks(context) ? [OLD_MARK, CLUSTER_IP] : [CLUSTER_IP]) &&
    (claims.claims[inServices[0] as RuleId] !== OLD_MARK || isMarkFor(context, port, inServices[0] as RuleId)) &&
    (mark === undefined ||
      (claimsAre(context, inNodePorts, [OLD_NODE_PORT_MARK, OLD_NODE_PORT]) &&
        claims.value(mark, "nodePort") === claims.value(jump as RuleId, "nodePort")))
  );
}

const marks = ({ services: { parameters } }: Context): boolean =>
  parameters.masqueradeAll === true || parameters.localDetector !== null;

/** Whether a mark asks for the Service's own cluster IP and for the node's own pods. */
function isMarkFor({ services: { parameters }, claims }: Context, port: ServicePort, rule: RuleId): boolean {
  const { localDetector: detector, masqueradeAll } = parameters;
  const frontend = port.clusterFrontend;
  const local = masqueradeAll === true ? null : detector;
  return (
    frontend !== null &&
    claims.value(rule, "clusterIP") === hostPrefix(frontend.ip ?? "") &&
    claims.value(rule, "port") === String(frontend.port) &&
    claims.value(rule, "protocol") === frontend.protocol &&
    claims.value(rule, "notLocalSource") === (local?.kind === "cidr" ? local.value : null) &&
    claims.value(rule, "notLocalInterface") === (local?.kind === "interface" ? local.value : null)
  );
}

/** KUBE-SVC, KUBE-SVL: the mark, then jumps that share evenly, without affinity. */
function isBalancer(context: Context, port: ServicePort, role: "svc" | "svl", isOld: boolean): boolean {
  const { store } = context;
  const { claims } = context.claims;
  const chain = port.chain(role);
  const { mark, endpoint } = BALANCER[role];
  let rule = store.firstRule(chain);
  if (!isOld && port.clusterFrontend?.chain === chain && marks(context)) {
    if (rule === NONE || claims[rule] !== mark || !isMarkFor(context, port, rule)) return false;
    rule = store.nextRule(rule);
  }
  for (; rule !== NONE; rule = store.nextRule(rule)) if (claims[rule] !== endpoint) return false;
  return port.balance(chain) === "even";
}

/** KUBE-EXT of a Service whose traffic goes to all endpoints: the mark, then the jump. */
function isExternal({ store, claims: { claims } }: Context, port: ServicePort, ext: ChainId): boolean {
  const first = store.firstRule(ext);
  const last = first === NONE ? NONE : store.nextRule(first);
  return (
    last !== NONE &&
    store.nextRule(last) === NONE &&
    claims[first] === MASQUERADE_ALL &&
    claims[last] === EXTERNAL_CLUSTER &&
    store.targetChain(last) === port.chain("svc")
  );
}

const claimsAre = ({ claims }: Context, rules: readonly RuleId[], wanted: readonly Claim[]): boolean =>
  rules.length === wanted.length && rules.every((rule, i) => claims.claims[rule] === wanted[i]);
