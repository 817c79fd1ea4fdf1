import { chainPrefixes } from "../chain-name.ts";
import type { Era } from "../service-map.ts";
import { type Template, template, type Values } from "./template.ts";

/** A chain to kube-proxy: one of its own by role, or one that it hooks into. Hashed roles live in table nat. */
export type Role = keyof typeof chainPrefixes | FixedRole;

/** Roles with one chain each: table and name. */
export type FixedRole = (typeof fixedRoles)[number];

export const fixedRoles = [
  "nat KUBE-SERVICES",
  "nat KUBE-NODEPORTS",
  "nat KUBE-POSTROUTING",
  "nat KUBE-MARK-MASQ",
  "nat KUBE-MARK-DROP",
  "filter KUBE-SERVICES",
  "filter KUBE-EXTERNAL-SERVICES",
  "filter KUBE-NODEPORTS",
  "filter KUBE-FORWARD",
  "filter KUBE-PROXY-FIREWALL",
  "filter KUBE-FIREWALL",
  "nat PREROUTING",
  "nat OUTPUT",
  "nat POSTROUTING",
  "filter INPUT",
  "filter FORWARD",
  "filter OUTPUT",
] as const;

/** Every role, in the order of its number. */
export const roles: readonly Role[] = [
  ...(Object.keys(chainPrefixes) as (keyof typeof chainPrefixes)[]),
  ...fixedRoles,
];

/** Whether the chain is a built-in one, in which kube-proxy has no more than its jumps. */
export const isHookRole = (role: Role): boolean => role.includes(" ") && !role.includes(" KUBE-");

/** Roles that a hole for a chain may name: `-j {policyChain}`. */
export const holeRoles: Readonly<Record<string, readonly Role[]>> = {
  SVC: ["svc"],
  SVL: ["svl"],
  SEP: ["sep"],
  EXT: ["ext"],
  FW: ["fw"],
  internalChain: ["svc", "svl"],
  policyChain: ["svc", "xlb"],
  balancerChain: ["ext", "fw"],
  firewallNext: ["ext", "svc", "xlb"],
};

/** What the writer knows when it fills the slots of one Service port. */
export interface ServiceContext {
  readonly era: Era;
  /** `null`: nothing leads here from outside. */
  readonly external: "Cluster" | "Local" | null;
  readonly internal: "Cluster" | "Local";
  /** Packets to the cluster IP are marked: all of them, or those that come from no pod of this node. */
  readonly marksClusterIP: boolean;
  /** kube-proxy can tell pods of this node from others. */
  readonly detector: "cidr" | "interface" | null;
  readonly countsNodePorts: boolean;
  readonly affinity: boolean;
  readonly clusterIP: string | null;
  readonly nodePort: number;
  readonly healthCheckNodePort: number;
  readonly externalIPs: readonly string[];
  readonly loadBalancerIPs: readonly string[];
  /** Those of a Service without endpoints. */
  readonly refusedIPs: readonly string[];
  readonly ranges: readonly string[];
  /** A range holds the node's own address, so that the load balancer's addresses count as ranges too. */
  readonly nodeInRange: boolean;
  /** Values of the rules that lead to each endpoint: of the cluster, of this node. */
  readonly cluster: readonly Values[];
  readonly local: readonly Values[];
  /** What table filter does with packets to the cluster IP, and with those from outside. */
  readonly refuseInternal: "REJECT" | "DROP" | null;
  readonly refuseExternal: "REJECT" | "DROP" | null;
}

/** What the writer knows of the node. */
export interface NodeContext {
  readonly era: Era;
  readonly dropInvalid: boolean;
  readonly martianGuard: boolean;
  readonly firewallHook: boolean;
  readonly nodePortAddresses: readonly string[];
}

interface SlotBase {
  readonly role: Role;
  /** Unique within its role. */
  readonly name: string;
  readonly eras: readonly Era[];
  readonly template: Template;
  /** Anybody may write a rule of this form: only the comment shows that it is kube-proxy's. */
  readonly commentProves: boolean;
}

/** A rule that kube-proxy writes for a Service port, once for each set of values. */
export interface ServiceSlot extends SlotBase {
  readonly of: "service";
  /** The value `group` keeps rules of several slots together: 0, 1, … */
  readonly instances: (context: ServiceContext) => readonly Values[];
}

/** A rule that stands once on a node. */
export interface NodeSlot extends SlotBase {
  readonly of: "node";
  readonly instances: (context: NodeContext) => readonly Values[];
}

/** A rule that is read and never written: the kubelet's, and forms of releases that no writer here knows whole. */
export interface OtherSlot extends SlotBase {
  readonly of: "others";
}

export type Slot = ServiceSlot | NodeSlot | OtherSlot;

export const ALL: readonly Era[] = ["1.20", "1.22", "1.24", "1.25"];
export const XLB_ERAS: readonly Era[] = ["1.20", "1.22"];
export const EXT_ERAS: readonly Era[] = ["1.24", "1.25"];

type SlotMaker = (role: Role) => Slot;
type Instances<C> = (context: C) => boolean | readonly Values[];

/** Slots of one role, in the order in which kube-proxy writes them. */
export const slotsOf = (role: Role, ...makers: readonly SlotMaker[]): readonly Slot[] =>
  makers.map((make) => make(role));

export function perService(
  name: string,
  eras: readonly Era[],
  text: string,
  instances: Instances<ServiceContext>,
  { commentProves = false }: { readonly commentProves?: boolean } = {},
): SlotMaker {
  const parsed = template(text);
  return (role) => ({ of: "service", role, name, eras, template: parsed, commentProves, instances: listed(instances) });
}

export function perNode(
  name: string,
  eras: readonly Era[],
  text: string,
  instances: Instances<NodeContext> = () => true,
): SlotMaker {
  const parsed = template(text);
  return (role) => ({
    of: "node",
    role,
    name,
    eras,
    template: parsed,
    commentProves: false,
    instances: listed(instances),
  });
}

export function byOthers(name: string, text: string): SlotMaker {
  const parsed = template(text);
  return (role) => ({ of: "others", role, name, eras: ALL, template: parsed, commentProves: false });
}

const ONCE: readonly Values[] = [{}];

/** True: once without values of its own; false: not at all. */
function listed<C>(instances: Instances<C>): (context: C) => readonly Values[] {
  return (context) => {
    const result = instances(context);
    return result === true ? ONCE : result === false ? [] : result;
  };
}
