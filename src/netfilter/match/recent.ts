import type { Address } from "../../../grammar/values/types.ts";
import { addressText, type Packet, remember } from "../packet.ts";
import type { Decision, RuleContext } from "./decision.ts";
import { firstValue, hasFlag, type MatchSemantics, negate, notUnderstood } from "./semantics.ts";

/**
 * net/netfilter/xt_recent.c. A client is on a list when a rule of this trace put it there, or a trace before it (`--affinity`);
 * otherwise it is taken for a new one.
 */
export const recent: MatchSemantics = (match, context) => {
  const name = firstValue<string>(match.options, "--name", context) ?? "DEFAULT";
  const mask = firstValue<Address>(match.options, "--mask", context)?.bits ?? null;
  const hits = firstValue<number>(match.options, "--hitcount", context) ?? 0;
  const byDestination = hasFlag(match, "--rdest");
  const entryOf = (packet: Packet): string => {
    const address = byDestination ? packet.destination : packet.source;
    if (typeof address !== "bigint") return `recent ${name} ${address.id}`;
    return `recent ${name} ${addressText(mask === null ? address : address & mask, packet.family)}`;
  };
  const verb = match.options.find((option) => VERBS.has(option.record?.flag ?? ""));
  const flag = verb?.record?.flag;
  if (verb === undefined || flag === undefined) return [notUnderstood("recent", match.options[0] ?? NO_OPTION)];
  const ask = (packet: Packet): Decision => {
    const entry = entryOf(packet);
    const known = packet.remembered.includes(entry);
    if (flag === "--set") return { matches: true, packet: remember(packet, entry) };
    if (!known)
      return {
        matches: false,
        packet,
        assumed: `the ${byDestination ? "destination" : "client"} is new to the lists of recent addresses`,
      };
    if (flag === "--remove")
      return { matches: true, packet: { ...packet, remembered: packet.remembered.filter((other) => other !== entry) } };
    return hits <= 1 ? true : counted(context, name, hits);
  };
  return [verb.negated ? negate(ask) : ask];
};

const VERBS = new Set(["--set", "--rcheck", "--update", "--remove"]);

const NO_OPTION = {
  flag: { text: "without --set, --rcheck, --update or --remove", offset: 0, length: 0, quoted: false },
  record: null,
  bang: null,
  negated: false,
  values: [],
};

const counted = (context: RuleContext, name: string, hits: number): Decision => ({
  sense: true,
  variable: {
    key: `${context.rule} recent hits`,
    holds: `the client is ${hits} times or more on the list ${name}`,
    fails: `the client is less than ${hits} times on the list ${name}`,
    reason: "it depends on the packets before this one",
  },
});
