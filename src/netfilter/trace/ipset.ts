import type { SetDirections } from "../../../grammar/values/types.ts";
import type { Packet } from "../packet.ts";

/** A set of `ipset save`. */
export interface IpSet {
  readonly name: string;
  /** Whether the set holds what the directions pick from the packet; `null` when that is not known. */
  contains(directions: SetDirections, packet: Packet, sets: ReadonlyMap<string, IpSet>): boolean | null;
}
