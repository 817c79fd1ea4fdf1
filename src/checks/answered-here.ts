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

/** Damage to rules that no connection comes to, since the node itself answers on all addresses of the Service, is none now. */
export function unlessAnsweredHere(context: Context, draft: Draft): Draft {
  const id = draft.servicePort ?? null;
  const port = id === null ? undefined : context.services.servicePorts.find((each) => each.id === id);
  if (port === undefined || port.frontends.length === 0) return draft;
  if (!port.frontends.every((frontend) => isAnsweredHere(context, frontend))) return draft;
  const addresses = [...new Set(port.frontends.map(({ ip }) => ip ?? ""))];
  return {
    ...draft,
    severity: "warning",
    effect: `No effect now: the node itself answers on ${listed(addresses)} (NodeLocal DNSCache), before these rules are asked.`,
  };
}
