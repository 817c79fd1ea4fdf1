import { type Packet, remember } from "../packet.ts";
import { type Decision, unknown } from "./decision.ts";
import { eachOption, hasFlag } from "./semantics.ts";

/** net/netfilter/xt_connlabel.c: a new connection has no labels but those that rules set. */
export const connlabel = eachOption({
  "--label": ([label], _context, match) => {
    const sets = hasFlag(match, "--set");
    return (packet) => labelled(packet, `label ${label}`, sets);
  },
  "--set": () => undefined,
});

function labelled(packet: Packet, entry: string, sets: boolean): Decision {
  if (packet.state === "invalid" || packet.state === "untracked") return false;
  if (packet.remembered.includes(entry)) return true;
  if (sets) return { matches: true, packet: remember(packet, entry) };
  if (packet.first) return false;
  return unknown({
    key: entry,
    holds: `the connection has the ${entry}`,
    fails: `the connection does not have the ${entry}`,
    reason: "it depends on the packets before this one",
  });
}
