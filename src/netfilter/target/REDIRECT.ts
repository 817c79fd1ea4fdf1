import type { NatRange } from "../../../grammar/values/types.ts";
import { firstValue } from "../match/semantics.ts";
import { addressOfInterface, portOf, withDestination } from "./nat.ts";
import type { TargetSemantics } from "./outcome.ts";

const LOCALHOST = { 4: 0x7f000001n, 6: 1n } as const;

/** net/netfilter/nf_nat_redirect.c: to the node itself, at the address of the interface it came in by, or at the loopback. */
export const REDIRECT: TargetSemantics = (target, context) => {
  const ports = firstValue<unknown>(target.options, "--to-ports", context);
  const option = target.options.find((candidate) => candidate.record?.flag === "--to-ports");
  const range = portsOf(ports);
  return {
    effect: `destination becomes this node${option === undefined ? "" : `, port ${option.values[0]?.text ?? "?"}`} (REDIRECT)`,
    apply(packet, node, hook) {
      const address =
        hook === "OUTPUT"
          ? LOCALHOST[packet.family]
          : addressOfInterface(packet.inInterface, node, "the address of the interface the packet came in by");
      const port =
        range === null ? portOf(KEPT, packet.destinationPort, packet) : portOf(range, packet.destinationPort, packet);
      return { kind: "accept", packet: withDestination(packet, address, port) };
    },
  };
};

const KEPT: NatRange = { addressFrom: null, addressTo: null, portFrom: null, portTo: null, portBase: null };

function portsOf(value: unknown): NatRange | null {
  if (typeof value !== "object" || value === null) return null;
  if ("portFrom" in value) return value as NatRange;
  if (!("from" in value) || !("to" in value)) return null;
  return { ...KEPT, portFrom: value.from as number, portTo: value.to as number };
}
