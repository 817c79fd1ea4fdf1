import { filterSlots } from "./filter-slots.ts";
import { natSlots } from "./nat-slots.ts";
import { byOthers, type Slot, slotsOf } from "./slot.ts";

/**
 * Rules of kube-proxy as an iptables prints them that is older than the one which loaded them: ports of tcp and udp and marks are
 * missing from the text though the kernel has them (iptables-save 1.8.7 over rules of 1.8.9). The name is that of the whole rule.
 */
const withoutPortsAndMarks: readonly Slot[] = [...natSlots, ...filterSlots].flatMap((slot) => {
  const text = slot.template.text
    .replace(/ -m (?:\{protocol\}|tcp) --dport \{\w+\}/, "")
    .replace(/-m mark (?:! )?--mark \{mark\} /, "");
  return text === slot.template.text ? [] : slotsOf(slot.role, byOthers(`lost ${slot.name}`, text));
});

const ENDPOINT_COMMENT = `[endpointComment: -m comment --comment "{endpointComment}"]`;
const DNAT = `-p {protocol} ${ENDPOINT_COMMENT} [affinity: -m recent --set --name {SEP}] [mask: --mask {mask} --rsource] -m {protocol} -j DNAT`;

export const lostSlots: readonly Slot[] = [
  ...withoutPortsAndMarks,
  // `-j DNAT [unsupported revision]`, and the same target read by a revision that it is not of.
  ...slotsOf(
    "sep",
    byOthers("lost dnat", DNAT),
    byOthers("lost dnat-address", `${DNAT} --to-destination {endpoint} [random: --random] --persistent`),
  ),
];

/** The name of the slot of the whole rule; `null` for slots of whole rules. */
export const lostFrom = (name: string): string | null => (name.startsWith("lost ") ? name.slice("lost ".length) : null);
