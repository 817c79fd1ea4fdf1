import type { EndpointJump, ServicePort } from "../kubernetes/service-port.ts";
import type { ChainId } from "../netfilter/ruleset.ts";
import type { Context } from "./context.ts";
import type { Deviation } from "./deviation.ts";

/** All of the 31 random bits that the statistic match compares: the rule takes whatever comes to it. */
const ALL = 2 ** 31;

/** Why the jumps of a chain do not divide connections as kube-proxy means it; the worst reason alone. */
export interface ShareFault {
  readonly kind: "final" | "unreachable" | "duplicate" | "skewed";
  readonly jumps: readonly EndpointJump[];
  /** Number of the jump to look at. */
  readonly at: number;
  /** Share of each jump, and of connections that none of them takes. */
  readonly shares: readonly number[];
  readonly rest: number;
}

/** `null`: they divide evenly, there is none, or other rules of the chain lead to endpoints, too. */
export function shareFaultIn(context: Context, port: ServicePort, chain: ChainId): ShareFault | null {
  const jumps = port.jumps(chain);
  if (jumps.length === 0 || hasOddJumps(context, chain)) return null;
  const shares: number[] = [];
  let rest = 1;
  for (const { threshold } of jumps) {
    shares.push((rest * threshold) / ALL);
    rest *= 1 - threshold / ALL;
  }
  const all = { jumps, shares, rest };
  if (rest > 0) return { kind: "final", at: jumps.length - 1, ...all };
  const stop = jumps.findIndex(({ threshold }) => threshold === ALL);
  const reached = new Set(jumps.slice(0, stop + 1).map((jump) => jump.chain));
  if (jumps.slice(stop + 1).some((jump) => !reached.has(jump.chain))) return { kind: "unreachable", at: stop, ...all };
  const seen = new Set<ChainId>();
  for (const [at, jump] of jumps.entries()) {
    if (seen.has(jump.chain)) return { kind: "duplicate", at, ...all };
    seen.add(jump.chain);
  }
  if (port.balance(chain) !== "uneven") return null;
  const at = jumps.findIndex(({ threshold }, i) => Math.abs(threshold / ALL - 1 / (jumps.length - i)) > 5.1e-6);
  return { kind: "skewed", at: Math.max(0, at), ...all };
}

/** Whether rules of no known form lead to endpoints. */
const hasOddJumps = (context: Context, chain: ChainId): boolean =>
  context
    .rulesOf(chain)
    .some((rule) => context.slot(rule) === "" && context.endpoints.isEndpointChain(context.store.targetChain(rule)));

/** Whether a deviation is one of a chain that divides connections, for the given reason. */
export function isShareFault(
  context: Context,
  { role, slot, port, chain }: Deviation,
  kind: ShareFault["kind"],
): boolean {
  if ((role !== "svc" && role !== "svl" && role !== "xlb") || slot !== "endpoint") return false;
  return context.shareFault(port, chain)?.kind === kind;
}

/** Chains of endpoints to which nothing leads, though their own comments and hash say that they are this Service port's. */
export function lostEndpoints(context: Context, port: ServicePort): readonly ChainId[] {
  return context.unreferenced.endpoints.get(port.id ?? "") ?? [];
}
