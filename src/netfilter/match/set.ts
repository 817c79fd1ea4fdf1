import type { SetDirections } from "../../../grammar/values/types.ts";
import type { NodeFacts } from "../node.ts";
import { addressText, type Packet } from "../packet.ts";
import { type Decision, unknown } from "./decision.ts";
import { eachOption, type OptionSemantics, optionUnknown } from "./semantics.ts";

const COUNTED = "a capture does not hold the counters of sets";

const membership: OptionSemantics =
  ([name, directions]) =>
  (packet, node) =>
    inSet(name as string, directions as SetDirections, packet, node);

/** net/netfilter/xt_set.c */
export const set = eachOption({
  "--match-set": membership,
  "--set": membership,
  "--return-nomatch": () => undefined,
  "--update-counters": () => undefined,
  "--update-subcounters": () => undefined,
  ...Object.fromEntries(
    ["--packets-eq", "--packets-lt", "--packets-gt", "--bytes-eq", "--bytes-lt", "--bytes-gt"].map((flag) => [
      flag,
      optionUnknown("set", flag, COUNTED),
    ]),
  ),
});

/** Whether the set holds what the directions pick from the packet: from the sets that were given, from what rules added, or unknown. */
export function inSet(name: string, directions: SetDirections, packet: Packet, node: NodeFacts): Decision {
  const entry = setEntry(name, directions, packet);
  if (packet.remembered.includes(`in ${entry}`)) return true;
  if (packet.remembered.includes(`not in ${entry}`)) return false;
  const known = node.sets.get(name)?.contains(directions, packet, node.sets);
  if (known !== undefined && known !== null) return known;
  const looked = entry.slice(name.length + 1);
  return unknown({
    key: `set ${entry}`,
    holds: `set ${name} holds ${looked}`,
    fails: `set ${name} does not hold ${looked}`,
    reason: "a capture does not hold what is in the sets",
  });
}

/** What is looked up: the name of the set and the values of the packet. */
export function setEntry(name: string, directions: SetDirections, packet: Packet): string {
  const values = directions.map((direction, dimension) => {
    const address = direction === "src" ? packet.source : packet.destination;
    const port = direction === "src" ? packet.sourcePort : packet.destinationPort;
    const host = addressText(address, packet.family);
    // the first dimension is an address in nearly all types of sets, the second mostly a port
    return dimension === 0
      ? `${direction === "src" ? "source" : "destination"} ${host}`
      : `${direction === "src" ? "source" : "destination"} ${typeof port === "number" ? port : "port"}${dimension > 1 ? ` ${host}` : ""}`;
  });
  return `${name} ${values.join(", ")}`;
}
