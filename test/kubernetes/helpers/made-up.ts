import fc from "fast-check";
import { joinAddress } from "../../../src/kubernetes/address-text.ts";
import { chainPrefixes, endpointChain, servicePortHash } from "../../../src/kubernetes/chain-name.ts";
import type { Era, LocalDetector } from "../../../src/kubernetes/service-map.ts";
import {
  type WritableNode,
  type WritableServicePort,
  writeNode,
  writeServicePort,
} from "../../../src/kubernetes/write-rules.ts";

const word = fc.oneof(
  { weight: 4, arbitrary: fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/) },
  { weight: 1, arbitrary: fc.stringMatching(/^[a-z][a-z0-9-]{40,61}[a-z0-9]$/) },
);
export const port = fc.integer({ min: 1, max: 65535 });
/** Anywhere, or one of a few: a pod may be behind several Services, and the node's own address behind one. */
export const address = (family: 4 | 6) =>
  fc.oneof(
    anyAddress(family),
    fc.constantFrom(...(family === 4 ? ["10.244.1.5", "10.244.1.10", "192.0.2.10"] : ["fd00:244::5", "2001:db8::10"])),
  );
const endpointPort = fc.oneof(port, fc.constantFrom(80, 8080));
const anyAddress = (family: 4 | 6) =>
  family === 4
    ? fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 })).map(([a, b]) => `10.${a}.${b}.7`)
    : fc
        .tuple(fc.integer({ min: 1, max: 0xffff }), fc.integer({ min: 1, max: 0xffff }))
        .map(([a, b]) => `fd00:${a.toString(16)}:${b.toString(16)}::7`);

export const nodes: fc.Arbitrary<WritableNode> = fc
  .record({
    era: fc.constantFrom<Era>("1.20", "1.22", "1.24", "1.25"),
    family: fc.constantFrom<4 | 6>(4, 6),
    bit: fc.integer({ min: 0, max: 31 }),
    detector: fc.constantFrom("none", "cidr", "interface"),
    detectorValue: fc.nat({ max: 3 }),
    masqueradeAll: fc.boolean(),
    randomFully: fc.boolean(),
    dropInvalid: fc.boolean(),
    nfacct: fc.boolean(),
    localhostNodePorts: fc.boolean(),
    addressed: fc.boolean(),
    martianGuard: fc.boolean(),
    firewallHook: fc.boolean(),
    probabilityDigits: fc.constantFrom<5 | 10>(5, 10),
    comments: fc.constantFrom("arrow" as const, "name" as const, "none" as const),
  })
  .map(({ bit, detector, detectorValue, addressed, comments, ...node }) => {
    const mark = `0x${(2 ** bit).toString(16)}`;
    const isOld = node.era === "1.20" || node.era === "1.22";
    return {
      ...node,
      layout: null,
      nfacct: node.nfacct && node.era === "1.25",
      martianGuard: node.martianGuard && node.era === "1.25",
      firewallHook: node.firewallHook && node.era === "1.25",
      masqueradeBit: bit,
      masqueradeMark: `${mark}/${mark}`,
      localDetector: detectorOf(detector, detectorValue, node.family),
      localDetectorShown: true,
      nodePortAddresses: addressed ? [node.family === 4 ? "192.0.2.10" : "2001:db8::10"] : [],
      localhostNodePorts: addressed ? false : node.localhostNodePorts,
      endpointComments: [isOld && comments === "arrow" ? ("name" as const) : comments],
      trailingColon: null,
      lostMatches: false,
    };
  });

const detectors = {
  interface: ["veth+", "cni0", "cali+", "eni+"],
  cidr4: ["10.244.0.0/16", "100.64.0.0/10", "10.244.1.0/24", "192.168.128.0/17"],
  cidr6: ["fd00:244::/56", "2001:db8:42::/48", "fd00:244:0:1::/64", "fc00::/7"],
} as const;

function detectorOf(kind: string, index: number, family: 4 | 6): LocalDetector | null {
  if (kind === "interface") return { kind: "interface", value: detectors.interface[index] ?? "" };
  return kind === "cidr" ? { kind: "cidr", value: detectors[family === 4 ? "cidr4" : "cidr6"][index] ?? "" } : null;
}

/** What one Service port may be; the map then gives each of them its own addresses and ports. */
export const drafts = (family: 4 | 6) =>
  fc.record({
    namespace: word,
    service: word,
    portName: fc.oneof(fc.constant(""), word),
    protocol: fc.constantFrom("tcp", "udp", "sctp"),
    port,
    hasNodePort: fc.boolean(),
    /** As its neighbour's, where the protocol is another. */
    sharesNodePort: fc.boolean(),
    /** As its neighbour's, where the port or the protocol is another. */
    sharesClusterIP: fc.boolean(),
    externalIPs: fc.integer({ min: 0, max: 2 }),
    loadBalancerIPs: fc.integer({ min: 0, max: 2 }),
    ranges: fc.subarray(
      family === 4
        ? ["198.51.100.0/24", "0.0.0.0/0", "203.0.113.0/25"]
        : ["2001:db8:1::/48", "::/0", "2001:db8:2::/64"],
    ),
    nodeInRange: fc.boolean(),
    external: fc.constantFrom("Cluster" as const, "Local" as const),
    internal: fc.constantFrom("Cluster" as const, "Local" as const),
    affinity: fc.option(fc.integer({ min: 1, max: 86400 }), { nil: null }),
    hasHealthCheck: fc.boolean(),
    endpoints: fc.uniqueArray(fc.tuple(address(family), endpointPort), {
      selector: ([ip, number]) => `${ip} ${number}`,
      maxLength: 7,
    }),
    local: fc.nat({ max: 7 }),
  });

export const maps = nodes.chain((node) =>
  fc.tuple(
    fc.constant(node),
    fc.uniqueArray(drafts(node.family), {
      selector: (draft) => `${draft.namespace}/${draft.service}:${draft.portName} ${draft.protocol}`,
      minLength: 1,
      maxLength: 6,
    }),
  ),
);
type Draft = ReturnType<typeof drafts> extends fc.Arbitrary<infer T> ? T : never;

export const servicePorts = (drafts: readonly Draft[], node: WritableNode): WritableServicePort[] =>
  drafts.map((draft, index) => servicePort(draft, index, node, drafts[index ^ 1]));

/** A Service port such as kube-proxy of that era can show it whole. */
function servicePort(
  draft: Draft,
  index: number,
  node: WritableNode,
  neighbour: Draft | undefined,
): WritableServicePort {
  const isSecond = index % 2 === 1;
  const otherProtocol = neighbour !== undefined && neighbour.protocol !== draft.protocol;
  const otherPlace = otherProtocol || (neighbour !== undefined && neighbour.port !== draft.port);
  const isXlb = node.era === "1.20" || node.era === "1.22";
  const own = (kind: number): string =>
    node.family === 4 ? `10.96.${kind}.${index + 1}` : `fd00:96:${kind}::${index + 1}`;
  const many = (count: number, kind: number): string[] => Array.from({ length: count }, (_, i) => own(kind + i));
  const name = `${draft.namespace}/${draft.service}${draft.portName === "" ? "" : `:${draft.portName}`}`;
  const all = draft.endpoints.map(([ip, number]) => joinAddress(ip, number)).sort();
  const hasEndpoints = all.length > 0;
  const internal = hasEndpoints && !isXlb ? draft.internal : "Cluster";
  const nodePort = !draft.hasNodePort ? 0 : 30000 + index - (isSecond && draft.sharesNodePort && otherProtocol ? 1 : 0);
  const place = index + 1 - (isSecond && draft.sharesClusterIP && otherPlace ? 1 : 0);
  const clusterIP = node.family === 4 ? `10.96.0.${place}` : `fd00:96:0::${place}`;
  const loadBalancerIPs = hasEndpoints ? many(draft.loadBalancerIPs, 20) : [];
  const externalIPs = hasEndpoints ? many(draft.externalIPs, 10) : [];
  const isOutside = nodePort > 0 || externalIPs.length > 0 || loadBalancerIPs.length > 0;
  const external = !isOutside ? "" : !hasEndpoints ? null : draft.external;
  const usesCluster = internal === "Cluster" || isOutside;
  const usesLocal = (isXlb ? false : internal === "Local") || external === "Local";
  const cluster = usesCluster ? all : [];
  const local = usesLocal ? all.slice(0, draft.local) : [];
  const programmed = [...new Set([...cluster, ...local])];
  const isShown = programmed.length > 0;
  const hash = servicePortHash(name, draft.protocol);
  const chain = (role: keyof typeof chainPrefixes, exists: boolean): string | null =>
    exists ? chainPrefixes[role] + hash : null;
  // In the old layout a range that is everywhere looks like none where it stands alone.
  const isPlain = isXlb && draft.ranges.length === 1 && draft.ranges[0]?.endsWith("/0") === true;
  const ranges = loadBalancerIPs.length > 0 && !isPlain ? draft.ranges : [];
  const healthCheckNodePort = external === "Local" && draft.hasHealthCheck && node.era !== "1.20" ? 40000 + index : 0;
  const writable = (address: string) => ({ address, chain: endpointChain(name, draft.protocol, address) });
  return {
    id: name,
    namespace: draft.namespace,
    service: draft.service,
    portName: draft.portName,
    protocol: draft.protocol,
    family: node.family,
    clusterIP,
    port: draft.port,
    nodePort,
    externalIPs,
    loadBalancerIPs,
    loadBalancerSourceRanges: ranges,
    externalTrafficPolicy: external,
    internalTrafficPolicy: hasEndpoints ? internal : null,
    sessionAffinity: !isShown ? null : draft.affinity === null ? "None" : "ClientIP",
    sessionAffinityTimeoutSeconds: !isShown ? null : (draft.affinity ?? 0),
    healthCheckNodePort,
    hasEndpoints,
    chains: {
      svc: chain("svc", cluster.length > 0),
      svl: chain("svl", !isXlb && hasEndpoints && usesLocal && (local.length > 0 || node.era === "1.24")),
      ext: chain("ext", !isXlb && hasEndpoints && isOutside),
      fw: chain("fw", loadBalancerIPs.length > 0 && (isXlb || ranges.length > 0)),
      xlb: chain("xlb", isXlb && external === "Local"),
    },
    cluster: cluster.map(writable),
    local: local.map(writable),
    endpointComments: node.endpointComments[0] ?? null,
    nodeInRange: ranges.length > 0 && draft.nodeInRange,
    refusedIPs: [],
  };
}

export function textOf(ports: readonly WritableServicePort[], node: WritableNode): string {
  const rules = [...ports.flatMap((one) => writeServicePort(one, node)), ...writeNode(node)];
  const lines = [
    "# Generated by ip6tables-save v1.8.9 on Mon Jan  1 00:00:00 2024".replace("ip6", node.family === 6 ? "ip6" : "ip"),
  ];
  const always = {
    nat: ["KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-POSTROUTING", "KUBE-MARK-MASQ"],
    filter: [
      "KUBE-SERVICES",
      "KUBE-EXTERNAL-SERVICES",
      "KUBE-FORWARD",
      ...(node.era === "1.20" ? [] : ["KUBE-NODEPORTS"]),
      ...(node.era === "1.25" ? ["KUBE-PROXY-FIREWALL", "KUBE-FIREWALL"] : []),
    ],
  };
  for (const table of ["filter", "nat"] as const) {
    const own = rules.filter((rule) => rule.table === table);
    const chains = new Set([...always[table], ...own.map(({ chain }) => chain)]);
    lines.push(
      `*${table}`,
      ...[...chains].map((chain) => `:${chain} - [0:0]`),
      ...own.map(({ text }) => text),
      "COMMIT",
    );
  }
  return `${lines.join("\n")}\n`;
}
