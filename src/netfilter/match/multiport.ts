import type { NumberRange } from "../../../grammar/values/types.ts";
import type { SomePort } from "../packet.ts";
import { anyOf } from "./any.ts";
import type { Decision } from "./decision.ts";
import { inNumbers } from "./region.ts";
import { eachOption } from "./semantics.ts";

/** net/netfilter/xt_multiport.c: one of the ports, or of both directions with `--ports`. */
export const multiport = eachOption({
  "--sports":
    ([list]) =>
    (packet) =>
      inList(packet.sourcePort, list as NumberRange[], "the source port"),
  "--dports":
    ([list]) =>
    (packet) =>
      inList(packet.destinationPort, list as NumberRange[], "the destination port"),
  "--ports":
    ([list]) =>
    (packet) =>
      anyOf([
        inList(packet.sourcePort, list as NumberRange[], "the source port"),
        inList(packet.destinationPort, list as NumberRange[], "the destination port"),
      ]),
});

function inList(port: number | SomePort | null, list: readonly NumberRange[], name: string): Decision {
  return anyOf(list.map((range) => inNumbers(port, range, name)));
}
