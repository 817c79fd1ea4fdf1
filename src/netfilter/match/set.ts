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

/** Whether the set holds what the directions pick from the packet: from what rules added, from the sets that were given, or unknown. */
export function inSet(name: string, directions: SetDirections, packet: Packet, node: NodeFacts): Decision {
  const entry = setEntry(name, directions, packet);
  if (packet.remembered.includes(`in ${entry}`)) return true;
  const looked = directions.map((direction, k) => partText(direction, k, packet)).join(", ");
  // a wider entry may still hold what was deleted
  const deleted = packet.remembered.includes(`not in ${entry}`) ? " after a rule deleted it" : "";
  const known = deleted === "" ? node.sets.get(name)?.contains(directions, packet, node.sets) : null;
  if (known !== undefined && known !== null) return known;
  return unknown({
    key: `set ${entry}${deleted}`,
    holds: `set ${name} holds ${looked}${deleted}`,
    fails: `set ${name} does not hold ${looked}${deleted}`,
    reason: "a capture does not hold what is in the sets",
  });
}

/** What is looked up: the name of the set and the values of the packet. */
export function setEntry(name: string, directions: SetDirections, packet: Packet): string {
  return [name, ...directions.map((direction, k) => valueText(direction, k, packet))].join(" ");
}

function partText(direction: "src" | "dst", dimension: number, packet: Packet): string {
  return `${direction === "src" ? "source" : "destination"} ${valueText(direction, dimension, packet)}`;
}

/** The first dimension of nearly all types of sets is an address, the second mostly a port. */
function valueText(direction: "src" | "dst", dimension: number, packet: Packet): string {
  const [address, port] =
    direction === "src" ? [packet.source, packet.sourcePort] : [packet.destination, packet.destinationPort];
  const host = typeof address === "bigint" ? addressText(address, packet.family) : address.id;
  if (dimension === 0) return host;
  const number = typeof port === "number" ? `port ${port}` : "port";
  return dimension === 1 ? number : `${number} ${host}`;
}
