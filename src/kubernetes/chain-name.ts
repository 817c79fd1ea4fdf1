import { chainHash } from "./chain-hash.ts";

/** What a chain is to one service port; `KUBE-SVC-` and so on (pkg/proxy/iptables/proxier.go). */
export type ServiceChainRole = "svc" | "svl" | "ext" | "fw" | "xlb";

/** A chain whose name ends in a hash. */
export type HashedChainRole = ServiceChainRole | "sep";

/** Prefix of every role; what follows is the hash. */
export const chainPrefixes: Readonly<Record<HashedChainRole, string>> = {
  svc: "KUBE-SVC-",
  svl: "KUBE-SVL-",
  sep: "KUBE-SEP-",
  ext: "KUBE-EXT-",
  fw: "KUBE-FW-",
  xlb: "KUBE-XLB-",
};

/** kube-proxy's chains with one name on every node. */
export const fixedChains: readonly string[] = [
  "KUBE-SERVICES",
  "KUBE-EXTERNAL-SERVICES",
  "KUBE-NODEPORTS",
  "KUBE-POSTROUTING",
  "KUBE-MARK-MASQ",
  "KUBE-MARK-DROP",
  "KUBE-FORWARD",
  "KUBE-PROXY-FIREWALL",
  "KUBE-FIREWALL",
  "KUBE-PROXY-CANARY",
];

export interface HashedChainName {
  readonly role: HashedChainRole;
  /** What follows the prefix: `BD5WSPTUEZLLHMHD`, in articles also `XXXXX`. */
  readonly suffix: string;
  /** The suffix has the form that kube-proxy computes: 16 characters of base32. */
  readonly wellFormed: boolean;
}

const HASH = /^[A-Z2-7]{16}$/;

/** Role and suffix of a `KUBE-SVC-…`, `-SVL-`, `-SEP-`, `-EXT-`, `-FW-` or `-XLB-` chain; `null` for every other name. */
export function hashedChainName(name: string): HashedChainName | null {
  if (!name.startsWith("KUBE-")) return null;
  const role = roleOfPrefix(name);
  if (role === null) return null;
  const suffix = name.slice(chainPrefixes[role].length);
  if (suffix === "") return null;
  return { role, suffix, wellFormed: HASH.test(suffix) };
}

const CODES = new Map<number, HashedChainRole>();
for (const [role, prefix] of Object.entries(chainPrefixes) as [HashedChainRole, string][])
  if (role !== "fw") CODES.set(codeOf(...[5, 6, 7].map((i) => prefix.charCodeAt(i))), role);

function codeOf(first = 0, second = 0, third = 0): number {
  return (first << 16) | (second << 8) | third;
}

/**
 * Role of a name given as bytes, as `hashedChainName` would say it: hundreds of thousands of names make no strings. `undefined`: the
 * name is for `hashedChainName` to judge.
 */
export function hashedRoleAt(bytes: Uint8Array, start: number, end: number): HashedChainRole | null | undefined {
  if (end - start < 9 || bytes[start] !== 75 || bytes[start + 1] !== 85 || bytes[start + 2] !== 66) return null;
  if (bytes[start + 3] !== 69 || bytes[start + 4] !== 45) return null;
  if (bytes[start + 8] !== 45) return undefined;
  // nearly all are those of endpoints
  if (bytes[start + 5] === 83 && bytes[start + 6] === 69 && bytes[start + 7] === 80 && end - start > 9) return "sep";
  const role = CODES.get(codeOf(bytes[start + 5], bytes[start + 6], bytes[start + 7]));
  return role === undefined || end - start === 9 ? undefined : role;
}

/** Whether the bytes have the form of a hash that kube-proxy computes. */
export function isHashAt(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== 16) return false;
  for (let i = start; i < end; i++) {
    const code = bytes[i] as number;
    if (!((code >= 65 && code <= 90) || (code >= 50 && code <= 55))) return false;
  }
  return true;
}

function roleOfPrefix(name: string): HashedChainRole | null {
  if (name.startsWith("KUBE-SEP-")) return "sep";
  if (name.startsWith("KUBE-SVC-")) return "svc";
  if (name.startsWith("KUBE-SVL-")) return "svl";
  if (name.startsWith("KUBE-EXT-")) return "ext";
  // firewalld and others may use KUBE-FW- with names of their own, hence the hash.
  if (name.startsWith("KUBE-FW-")) return HASH.test(name.slice(8)) ? "fw" : null;
  if (name.startsWith("KUBE-XLB-")) return "xlb";
  return null;
}

/** kube-proxy's name of a service port. */
export interface ServicePortName {
  readonly namespace: string;
  readonly service: string;
  /** "" when the port has no name. */
  readonly portName: string;
}

/**
 * Reads `namespace/name` and `namespace/name:port`; before 1.18 an unnamed port kept its colon, `namespace/name:`.
 * `null` when the text is no such name. Names of ports hold no colon, names of Services neither colon nor slash.
 */
export function parseServicePortName(text: string): (ServicePortName & { readonly trailingColon: boolean }) | null {
  const match = /^([^/\s:]+)\/([^/\s:]+)(?::([^/\s:]*))?$/.exec(text);
  if (match === null) return null;
  const [, namespace = "", service = "", portName] = match;
  return { namespace, service, portName: portName ?? "", trailingColon: portName === "" };
}

/** `namespace/name:port`, without the colon when the port has no name. */
export function printServicePortName(name: ServicePortName, trailingColon = false): string {
  const base = `${name.namespace}/${name.service}`;
  return name.portName === "" && !trailingColon ? base : `${base}:${name.portName}`;
}

/** Hash of all chains of a service port. `name` as in the comments, colon and all; `protocol` in any case. */
export function servicePortHash(name: string, protocol: string): string {
  return chainHash(name + protocol.toLowerCase());
}

/** Hash of a KUBE-SEP chain. `address` is `ip:port`, for IPv6 `[ip]:port`. */
export function endpointHash(name: string, protocol: string, address: string): string {
  return chainHash(name + protocol.toLowerCase() + address);
}

export function servicePortChain(role: ServiceChainRole, name: string, protocol: string): string {
  return chainPrefixes[role] + servicePortHash(name, protocol);
}

export function endpointChain(name: string, protocol: string, address: string): string {
  return chainPrefixes.sep + endpointHash(name, protocol, address);
}

/** Whether a chain of an endpoint has the name that kube-proxy gives it. */
export function isEndpointChainName(chain: string, name: string, protocol: string, address: string): boolean {
  return chain === endpointChain(name, protocol, address);
}

/**
 * The spelling of a name that gives `suffix`, or `null` when none does: the name as it stands, or with the colon that older
 * kube-proxies kept behind the name of a Service whose port has none.
 */
export function provenSpelling(name: string, protocol: string, suffix: string): string | null {
  if (servicePortHash(name, protocol) === suffix) return name;
  const other = name.endsWith(":") ? name.slice(0, -1) : name.includes(":") ? null : `${name}:`;
  return other !== null && servicePortHash(other, protocol) === suffix ? other : null;
}
