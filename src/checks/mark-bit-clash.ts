import type { Check } from "./check.ts";
import { hex, type MarkSetter, markSetters } from "./mark-rules.ts";
import { listed } from "./words.ts";

/** Nobody hands out bits of the mark; each project takes some. */
export const markBitClash: Check = {
  id: "mark-bit-clash",
  severity: "warning",
  confidence: "hint",
  summary: "Two projects use the same bits of the packet mark",
  why: "What one sets the other reads as its own: packets are rewritten, dropped or routed otherwise for no reason that is to be seen.",
  evidence: "Rules of two owners, by chain names and comments, set bits that overlap with kube-proxy's mark for SNAT.",
  confirm: "iptables-save | grep -e xmark -e '--mark'; ip rule",
  whenFine:
    "Where both mean the same by it, or never see each other's packets. Clashes of other bits are not reported: routing and tc share marks on purpose.",
  remedy: "Move one of them: --iptables-masquerade-bit of kube-proxy, iptablesMarkMask of Calico, and so on.",
  references: [
    "https://github.com/tailscale/tailscale/issues/591",
    "https://github.com/cilium/cilium/issues/36104",
    "https://github.com/siderolabs/talos/issues/5945",
    "https://github.com/cloudnativelabs/kube-router/issues/1045",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    const bit = Number(context.services.parameters.masqueradeMark?.split("/")[0] ?? 0);
    if (bit === 0) return;
    const clashes = markSetters(context).filter(
      ({ owner, bits, mask }) => owner !== null && !KNOWN.has(owner) && (bits & bit) !== 0 && mask >>> 0 !== 0xffffffff,
    );
    const [first] = clashes;
    if (first === undefined) return;
    const owners = [...new Set(clashes.map(({ owner }) => owner ?? ""))];
    report({
      at: { rule: first.rule },
      message: `${listed(owners)} ${owners.length === 1 ? "sets" : "set"} ${bitsInWords(clashes, bit)} of the packet mark, kube-proxy's bit for SNAT`,
      effect: `Packets that ${listed(owners)} ${owners.length === 1 ? "marks" : "mark"} with it are rewritten by KUBE-POSTROUTING as if they went to a Service.`,
      severity: "info",
    });
  },
};

/** They set the bit to ask kube-proxy for SNAT. */
const KNOWN: ReadonlySet<string> = new Set([
  "kube-proxy",
  "the kubelet",
  "CRI-O or the kubelet's host ports",
  "CNI portmap",
  "kube-proxy in IPVS mode",
  "kube-proxy in userspace mode",
]);

function bitsInWords(clashes: readonly MarkSetter[], bit: number): string {
  const all = clashes.reduce((sum, { bits }) => sum | bits, 0);
  return `bit ${hex(bit)} (in ${hex(all)})`;
}
