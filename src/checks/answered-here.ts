import type { Frontend } from "../kubernetes/service-map.ts";
import type { Draft } from "./check.ts";
import { bitsOf } from "./clients.ts";
import type { Context } from "./context.ts";
import { listed } from "./words.ts";

/** The node itself answers on the Service's address, as NodeLocal DNSCache does. */
export function isAnsweredHere({ node }: Context, { ip }: Frontend): boolean {
  const bits = ip === null ? null : bitsOf(ip);
  return bits !== null && node.facts.addresses?.includes(bits) === true;
}

/** Service ports on whose every address the node itself answers, by id, with the addresses. */
export function answeredHere(context: Context): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  // the first one is that of the node, or stands for it
  if ((context.node.facts.addresses?.length ?? 0) < 2) return found;
  for (const port of context.services.servicePorts) {
    const { frontends } = port;
    if (frontends.length === 0 || !frontends.every((frontend) => isAnsweredHere(context, frontend))) continue;
    if (port.id !== null) found.set(port.id, [...new Set(frontends.map(({ ip }) => ip ?? ""))]);
  }
  return found;
}

/** Damage to rules that no connection comes to is none now. */
export const unlessAnsweredHere = (draft: Draft, addresses: readonly string[]): Draft => ({
  ...draft,
  severity: "warning",
  effect: `No effect now: the node itself answers on ${listed(addresses)} (NodeLocal DNSCache), before these rules are asked.`,
});
