import type { ServicePort } from "../kubernetes/service-port.ts";
import { NONE } from "../netfilter/ruleset.ts";
import type { Draft, Spot } from "./check.ts";
import type { Context } from "./context.ts";
import type { Deviation, NodeDeviation } from "./deviation.ts";

/** The parts of a finding that follow from where kube-proxy's rules and those of the dump part. */
export function draftOf(context: Context, deviation: Deviation): Omit<Draft, "message"> {
  const { port, expected } = deviation;
  const { at, label } = spotOf(context, deviation, port);
  const effect = context.effectOn(port);
  return {
    at,
    label,
    missing: expected === null || deviation.kind === "misplaced" ? [] : [expected],
    servicePort: port.id,
    effect: effect.text,
    severity: effect.severity,
    confirm: confirmOf(context, deviation),
  };
}

/** The same for what stands once on a node. */
export function nodeDraftOf(context: Context, deviation: NodeDeviation): Omit<Draft, "message"> {
  const { expected } = deviation;
  const effect = context.nodeEffect;
  return {
    ...spotOf(context, deviation, null),
    missing: expected === null || deviation.kind === "misplaced" ? [] : [expected],
    effect: effect.text,
    severity: effect.severity,
    confirm: confirmOf(context, deviation),
  };
}

function spotOf(
  context: Context,
  { kind, chain, rule }: NodeDeviation,
  port: ServicePort | null,
): { at: Spot; label: string } {
  const at = { rule };
  switch (kind) {
    case "changed":
      return { at, label: "kube-proxy writes this in its place:" };
    case "unexpected":
      return { at, label: "kube-proxy writes no such rule here" };
    case "repeated":
      return { at, label: "stands there once already" };
    case "misplaced":
      return { at, label: "stands elsewhere in what kube-proxy writes" };
    case "missing":
  }
  if (rule !== NONE) return { at, label: "kube-proxy writes this rule before it, and it is missing:" };
  const rules = context.rulesOf(chain);
  const last = rules[rules.length - 1];
  const isShared = context.role(chain)?.includes(" ") === true;
  if (last !== undefined && !isShared)
    return { at: { rule: last }, label: "kube-proxy writes this rule after it, and it is missing:" };
  if (chain !== NONE) return { at: { chain }, label: "kube-proxy writes this rule into the chain, and it is missing:" };
  const first = port?.evidence[0];
  return {
    at: first === undefined ? { offset: 0, length: 0 } : { rule: first },
    label: "kube-proxy writes this rule too, and its chain is missing:",
  };
}

function confirmOf(context: Context, { chain, chainName }: NodeDeviation): string {
  const table = chain === NONE ? "nat" : context.ruleset.tableOf(chain).name;
  const tool = context.ruleset.family === 6 ? "ip6tables" : "iptables";
  return `${tool} -t ${table} -S ${chainName}`;
}
