/** What became of a failure that people met: a check of its own, a part of another one, or a reason why a capture cannot show it. */
export type Resolution =
  | { readonly check: string }
  | { readonly within: string; readonly because: string }
  | { readonly needs: string }
  | { readonly reason: string };

const check = (id: string): Resolution => ({ check: id });
const within = (id: string, because: string): Resolution => ({ within: id, because });
const needs = (input: string): Resolution => ({ needs: input });
const reason = (text: string): Resolution => ({ reason: text });

/** The failures that were collected from public threads, by number; each is resolved. */
export const candidates: ReadonlyMap<number, { readonly failure: string; readonly resolution: Resolution }> = new Map(
  (
    [
      ["a pod cannot reach itself through its Service", check("missing-hairpin-mark")],
      ["NodePort without a mark for SNAT", check("missing-masquerade-mark")],
      ["KUBE-POSTROUTING rewrites nothing", check("missing-masquerade")],
      ["POSTROUTING does not jump to KUBE-POSTROUTING", within("missing-hook", "one jump of several")],
      ["ACCEPT before KUBE-POSTROUTING or KUBE-SERVICES", within("diverting-rule", "ACCEPT ends nat as DNAT does")],
      ["mark set and mark asked for differ", check("mark-mismatch")],
      ["a rule overwrites the whole mark", check("mark-overwritten")],
      ["two projects use the same bits of the mark", check("mark-bit-clash")],
      ["the mark stays after MASQUERADE", check("mark-kept-after-masquerade")],
      ["MASQUERADE without --random-fully", check("masquerade-not-random-fully")],
      [
        "masqueradeAll is on",
        reason("a setting that kube-proxy was given, alike for all Services: a fact of the summary"),
      ],
      [
        "no local detector at all",
        reason("normal on EKS, alike for all Services: a fact of the summary, never a finding"),
      ],
      ["the local network holds the Services", check("local-detector-too-wide")],
      ["Services with different local networks", check("mixed-local-detector")],
      [
        "pods' traffic to the internet is not rewritten",
        reason("whether pods' addresses are routed outside is not in any rule"),
      ],
      ["masquerade rules of two pod networks", check("two-pod-networks")],
      ["shares other than 1/n", check("skewed-endpoint-shares")],
      ["probabilities with five decimals", check("coarse-probabilities")],
      ["the last endpoint takes only a part", check("missing-final-endpoint")],
      ["endpoints behind an unconditional jump", check("unreachable-endpoint")],
      ["an endpoint twice", check("duplicate-endpoint")],
      ["a Service's chain without endpoints", check("empty-service-chain")],
      ["a Service has no endpoints", check("service-without-endpoints")],
      ["forwarded in nat, refused in filter", check("refused-but-forwarded")],
      ["a jump to a chain that is not declared", check("undeclared-chain")],
      ["a Service's chain to which nothing leads", check("unreferenced-service-chain")],
      ["an endpoint's chain without DNAT", check("endpoint-without-dnat")],
      ["DNAT to :0 or 0.0.0.0:0", check("zero-destination")],
      ["[unsupported revision]", check("unsupported-revision")],
      ["name in the comment and hash in the chain differ", check("misdirected-rule")],
      ["comment of a jump and its endpoint differ", check("misleading-comment")],
      [
        "the hairpin mark asks for another address",
        within(
          "missing-hairpin-mark",
          "a mark for another address marks nothing; where the DNAT rule was changed, misdirected-endpoint says so",
        ),
      ],
      ["two Services with one address and port", check("duplicate-service-address")],
      ["two Services with one NodePort", check("duplicate-node-port")],
      [
        "endpoints of default/kubernetes are stale",
        needs("the endpoints as the API has them, or another node's capture"),
      ],
      [
        "endpoints differ between nodes",
        needs("another node's capture; topology hints and PreferClose make them differ by design"),
      ],
      ["an endpoint that the API does not have", needs("EndpointSlices")],
      [
        "an endpoint outside the pods' network",
        reason("endpoints with host network and those of default/kubernetes lie outside by design"),
      ],
      ["affinity for some endpoints only", check("incomplete-affinity")],
      ["affinity of 180 seconds", check("short-affinity-timeout")],
      ["affinity is per port", within("affinity-limits", "one of the things that affinity does not do")],
      ["KUBE-NODEPORTS is not asked last", check("node-ports-not-last")],
      ["nothing leads to KUBE-NODEPORTS", within("missing-hook", "one jump of several")],
      ["policy Local without an endpoint on this node", check("no-local-endpoints")],
      [
        "pods are not led past policy Local",
        within("missing-kube-proxy-rule", "where single Services lack the rule; without a local detector none has it"),
      ],
      [
        "localhost NodePorts with policy Local",
        within(
          "missing-kube-proxy-rule",
          "kube-proxy before 1.24 marks 127.0.0.0/8; the rule is missed where it is missing",
        ),
      ],
      ["the health check port is blocked", check("blocked-health-check-port")],
      ["source ranges are not enforced", check("open-source-ranges")],
      ["source ranges leave the node out", needs("the node's addresses")],
      ["the NodePort bypasses source ranges", check("node-port-bypasses-source-ranges")],
      ["an external IP of somebody else", check("external-ip-collision")],
      [
        "packets to other ports of a load balancer IP loop",
        reason("the rules of a healthy node look the same: what routers do with the address is not shown"),
      ],
      ["a NodePort outside of the usual range", check("node-port-outside-range")],
      ["NodePorts on localhost", reason("kube-proxy's default on every node: a fact of the summary")],
      ["127.0.0.0/8 is not guarded", check("missing-martian-guard")],
      ["FORWARD drops by policy", check("blocking-policy")],
      ["REJECT in FORWARD or INPUT before kube-proxy's rules", check("blocking-rule")],
      ["FORWARD does not jump to KUBE-FORWARD", within("missing-hook", "one jump of several")],
      ["ufw drops what is routed", within("blocking-policy", "judged by the trace, whoever set the policy")],
      ["firewalld flushed kube-proxy's jumps", within("missing-hook", "all jumps gone is one finding")],
      ["nat does not jump to KUBE-SERVICES", check("missing-hook")],
      ["the canary is missing", check("missing-canary")],
      ["KUBE-FORWARD before network policies", check("policy-bypass")],
      ["KUBE-FIREWALL drops everything", check("unconditional-drop")],
      ["KUBE-MARK-MASQ sets no mark", check("markless-mark-chain")],
      ["INVALID is not dropped", check("missing-invalid-drop")],
      ["INVALID is dropped, and packets are", check("invalid-drop-hits")],
      ["INPUT drops what goes to endpoints of this node", needs("the node's addresses: which endpoints are its own")],
      ["OUTPUT drops by policy", within("blocking-policy", "another built-in chain")],
      ["Weave Net drops before it accepts", reason("by design of its policies; whether a pod is allowed is in ipsets")],
      ["kube-proxy in iptables-legacy and -nft", check("two-back-ends")],
      ["a table that iptables-save cannot print", check("hidden-table")],
      [
        "a known bad version of iptables",
        reason("the header names the tool that captured, not the one that wrote the rules"),
      ],
      ["identical rules", check("duplicate-rule")],
      ["identical jumps", within("duplicate-rule", "a jump is a rule")],
      ["KUBE-XLB beside KUBE-EXT", check("old-external-chain")],
      [
        "KUBE-MARK-DROP is missing",
        within("undeclared-chain", "a jump to a chain that is not declared; an empty one: markless-mark-chain"),
      ],
      ["rules of IPVS mode beside iptables mode", check("ipvs-leftover")],
      ["kube-proxy's rules beside a replacement", check("idle-kube-proxy-rules")],
      ["chains of userspace mode", check("userspace-leftover")],
      [
        "half a restore",
        within(
          "missing-kube-proxy-rule",
          "and undeclared-chain, empty-service-chain, refused-but-forwarded: whatever half is missing",
        ),
      ],
      ["host ports are asked before Services", check("host-port-before-services")],
      ["a host port leads to two pods", check("duplicate-host-port")],
      ["a host port has the number of a NodePort", check("host-port-node-port-clash")],
      [
        "a host port without its address",
        reason("a rule without -d is right for a pod without hostIP: the pod's specification would be needed"),
      ],
      ["host ports are not hooked", check("unhooked-host-ports")],
      ["NOTRACK in one direction only", check("incomplete-notrack")],
      ["NOTRACK and network policies", check("notrack-with-policies")],
      ["AWS: the connection mark is not restored", check("incomplete-aws-connmark")],
      ["AWS: excluded networks differ", check("aws-excluded-cidr-mismatch")],
      [
        "AWS rules and no kube-proxy rules",
        reason("kube-proxy in nftables mode: the summary says where else the Services may be"),
      ],
      [
        "UDP clients of a Service without endpoints",
        within("service-without-endpoints", "its effect and remedy speak of them"),
      ],
      [
        "IPv6 without Services",
        within("missing-hook", "missing jumps in the IPv6 rules; most Services have one IP version by default"),
      ],
      ["very many rules", check("large-ruleset")],
      ["a part of the rules was captured", check("partial-capture")],
      [
        "words of the tool amid the rules",
        within("text-around-rules", "found by the parser, which reads the rules around them"),
      ],
      ["ports and marks missing from the capture", check("lost-matches")],
      ["conditions that iptables-save cannot print", check("hidden-condition")],
      [
        "the text was cut off",
        within("missing-commit", "found by the parser; what would follow from it is not reported"),
      ],
      [
        "a header that names no back end",
        reason("1.8.7 names none for either: the back end is unknown, and the summary says so"),
      ],
    ] as const
  ).map(([failure, resolution], i) => [i + 1, { failure, resolution }]),
);

/** Numbers of the failures that a check stands for, its own and those within it. */
export function candidatesOf(id: string): readonly number[] {
  return [...candidates]
    .filter(
      ([, { resolution }]) =>
        ("check" in resolution ? resolution.check : "within" in resolution ? resolution.within : "") === id,
    )
    .map(([number]) => number);
}
