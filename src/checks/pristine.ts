import { hostPrefix } from "../kubernetes/address-text.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import { type ChainId, NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { Context } from "./context.ts";

/**
 * Whether a Service port of the usual kind is exactly as kube-proxy writes it, by its claims and few values. False says nothing but
 * that somebody must compare rule by rule.
 */
export function isPristine(context: Context, port: ServicePort): boolean {
  const { era } = context.services.parameters;
  if (era !== "1.24" && era !== "1.25" && era !== "1.20") return false;
  if (port.chain("fw") !== NONE || port.chain("xlb") !== NONE || port.chain("svc") === NONE) return false;
  const isOld = era === "1.20";
  return (
    (isOld ? hasOldSharedRules(context, port) : hasSharedRules(context, port)) &&
    isBalancer(context, port, port.chain("svc"), isOld) &&
    (port.chain("svl") === NONE || isBalancer(context, port, port.chain("svl"), isOld)) &&
    (port.chain("ext") === NONE ? isOld || port.frontends.length === 1 : isExternal(context, port)) &&
    port.endpointChains().every((chain) => context.endpoints.isPlain(chain))
  );
}

/** One rule for each way in, all of them leading on. */
function hasSharedRules(context: Context, port: ServicePort): boolean {
  let clusterIPs = 0;
  let nodePorts = 0;
  for (const rule of port.sharedRules) {
    const slot = context.slot(rule);
    if (slot === "cluster-ip") clusterIPs++;
    else if (slot === "node-port") nodePorts++;
    else return false;
  }
  const internal = port.clusterFrontend?.chain ?? NONE;
  return (
    clusterIPs === 1 &&
    nodePorts <= 1 &&
    port.frontends.length === port.sharedRules.length &&
    port.frontends.every(({ fate }) => fate === "forwarded") &&
    internal === port.chain("svc") &&
    context.services.parameters.nfacct !== true
  );
}

/** Before 1.22: a mark and a jump for the cluster IP, the same for a NodePort. */
function hasOldSharedRules(context: Context, port: ServicePort): boolean {
  const { parameters } = context.services;
  const expected = [...(marks(context) ? ["masquerade-cluster-ip"] : []), "cluster-ip"];
  const nodePorts = ["masquerade", "to-policy"];
  const inServices: RuleId[] = [];
  const inNodePorts: RuleId[] = [];
  for (const rule of [...port.sharedRules].sort((a, b) => a - b))
    (context.slot(rule) === "masquerade" || context.slot(rule) === "to-policy" ? inNodePorts : inServices).push(rule);
  const [mark, jump] = inNodePorts;
  return (
    parameters.localDetector?.kind !== "interface" &&
    slotsAre(context, inServices, expected) &&
    isMarkFor(context, port, inServices[0] as RuleId) &&
    (inNodePorts.length === 0 ||
      (slotsAre(context, inNodePorts, nodePorts) &&
        context.claims.value(mark as RuleId, "nodePort") === context.claims.value(jump as RuleId, "nodePort")))
  );
}

const marks = ({ services: { parameters } }: Context): boolean =>
  parameters.masqueradeAll === true || parameters.localDetector !== null;

/** A mark that asks for the Service's own cluster IP and for the node's own pods; true for every other rule. */
function isMarkFor(context: Context, port: ServicePort, rule: RuleId): boolean {
  if (context.slot(rule) !== "masquerade-cluster-ip") return true;
  const { localDetector: detector, masqueradeAll } = context.services.parameters;
  const { claims } = context;
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
function isBalancer(context: Context, port: ServicePort, chain: ChainId, isOld: boolean): boolean {
  const { store } = context;
  const isInternal = !isOld && port.clusterFrontend?.chain === chain && marks(context);
  let rule = store.firstRule(chain);
  if (isInternal) {
    if (rule === NONE || context.slot(rule) !== "masquerade-cluster-ip" || !isMarkFor(context, port, rule))
      return false;
    rule = store.nextRule(rule);
  }
  for (; rule !== NONE; rule = store.nextRule(rule)) if (context.slot(rule) !== "endpoint") return false;
  return port.balance(chain) === "even";
}

function isExternal(context: Context, port: ServicePort): boolean {
  const ext = port.chain("ext");
  const rules = context.rulesOf(ext);
  const [first, last] = [rules[0], rules[rules.length - 1]] as const;
  if (first === undefined || last === undefined) return false;
  if (slotsAre(context, rules, ["masquerade", "cluster"])) return context.store.targetChain(last) === port.chain("svc");
  return false;
}

const slotsAre = (context: Context, rules: readonly RuleId[], names: readonly string[]): boolean =>
  rules.length === names.length && rules.every((rule, i) => context.slot(rule) === names[i]);
