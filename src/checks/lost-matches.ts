import type { Check } from "./check.ts";
import { counted } from "./words.ts";

/** iptables >= 1.8.8 (nft) stores ports and marks natively; 1.8.7 prints such rules without them, exit code 0, nothing on stderr. */
export const lostMatches: Check = {
  id: "lost-matches",
  severity: "error",
  confidence: "certain",
  summary: "The capture lacks the ports and marks that its rules have in the kernel",
  why: "The rules were written by a newer iptables than the one that printed them. The older one leaves out every tcp and udp port and every mark without a word, so the text describes another node: nothing that follows from it is to be believed, and iptables-restore must not be fed with it.",
  evidence:
    "KUBE-NODEPORTS and KUBE-SERVICES have rules for tcp and udp without a port, KUBE-POSTROUTING begins with `-j RETURN` without a mark, and no rule of kube-proxy's has a port or mark at all.",
  confirm: "iptables-save --version; kubectl -n kube-system exec NODES-KUBE-PROXY -- iptables-save --version",
  whenFine: "Never.",
  remedy:
    "Capture with the iptables that wrote the rules, for example kube-proxy's own: kubectl -n kube-system exec KUBE-PROXY-POD -- iptables-save > dump.txt",
  references: ["https://github.com/kubernetes/kubernetes/issues/112477"],
  since: "0.1.0",
  subject: "capture",
  needs: [],
  runOnNode({ contexts }, report) {
    const lossy = contexts.filter(({ capture }) => capture.isLossy);
    const [first, ...others] = lossy;
    const rule = first?.capture.stripped[0];
    if (first === undefined || rule === undefined) return;
    const { version } = first.ruleset;
    const total = lossy.reduce((sum, { capture }) => sum + capture.stripped.length, 0);
    const tool = version === null ? "an iptables-save" : `iptables-save ${version}`;
    report({
      at: { rule },
      label: "has a port or a mark in the kernel",
      message: `captured by ${tool} that is older than the iptables that wrote these rules: ports and marks are missing from ${counted(total, "rule")}`,
      related: others.flatMap(({ capture }) =>
        capture.stripped.slice(0, 1).map((each) => ({ at: { rule: each }, label: "the same here" })),
      ),
      effect: "The text does not describe the kernel's rules. Everything that would follow from them is left out.",
    });
  },
};
