import type { Address } from "../../grammar/values/types.ts";
import type { ClusterFacts } from "../checks/facts.ts";
import type { Finding, Location, Severity } from "../checks/finding.ts";
import type { TextFile } from "./config-error.ts";
import { globs } from "./glob.ts";

/** What a check is worth: as bad as this, as bad as it says itself (`on`), nothing (`off`). */
export type Level = Severity | "on" | "off";

export const levels: readonly Level[] = ["error", "warning", "info", "on", "off"];

/** Findings by what they are about; `null`: whatever it is. Patterns with `*`. */
export interface Scope {
  readonly node: readonly string[] | null;
  readonly namespace: readonly string[] | null;
  /** Name of a Service, or `namespace/name`, or `namespace/name:port`. */
  readonly service: readonly string[] | null;
  readonly chain: readonly string[] | null;
}

export const EVERYWHERE: Scope = { node: null, namespace: null, service: null, chain: null };

/** What checks are worth somewhere. */
export interface Levels {
  readonly scope: Scope;
  readonly byCheck: ReadonlyMap<string, Level>;
}

/** Findings that somebody knows of and accepts. */
export interface ConfiguredSuppression {
  readonly checkIds: ReadonlySet<string>;
  readonly scope: Scope;
  readonly reason: string;
  readonly location: Location;
}

/** What a configuration file says. */
export interface Config {
  readonly file: TextFile;
  readonly failOn: Severity | "never" | null;
  /** The later wins. */
  readonly levels: readonly Levels[];
  readonly suppressions: readonly ConfiguredSuppression[];
  readonly cluster: Omit<ClusterFacts, "nodeIps">;
  /** Addresses by patterns for names of nodes. */
  readonly nodeIps: readonly { readonly node: string; readonly addresses: readonly Address[] }[];
}

/** What the configuration knows of a node. */
export function factsOf({ cluster, nodeIps }: Config, node: string): ClusterFacts {
  const own = nodeIps.filter((each) => globs([each.node])(node));
  return { ...cluster, nodeIps: own.flatMap(({ addresses }) => addresses) };
}

/** Whether a finding on a node is one of those that a scope describes. */
export function isWithin({ node, namespace, service, chain }: Scope, finding: Finding, nodeName: string): boolean {
  if (node !== null && !globs(node)(nodeName)) return false;
  if (chain !== null && (finding.chain === null || !globs(chain)(finding.chain))) return false;
  if (namespace === null && service === null) return true;
  const names = namesOf(finding.servicePort);
  if (names === null) return false;
  if (namespace !== null && !globs(namespace)(names.namespace)) return false;
  return service === null || service.some((pattern) => globs([pattern])(names.asWrittenLike(pattern)));
}

/** Parts of `namespace/name:port`; a Service with one port may lack its name. */
function namesOf(servicePort: string | null) {
  const slash = servicePort?.indexOf("/") ?? -1;
  if (servicePort === null || slash < 0) return null;
  const colon = servicePort.indexOf(":", slash);
  const whole = colon < 0 ? servicePort : servicePort.slice(0, colon);
  return {
    namespace: servicePort.slice(0, slash),
    asWrittenLike: (pattern: string) =>
      pattern.includes(":") ? servicePort : pattern.includes("/") ? whole : whole.slice(slash + 1),
  };
}

/** How bad a finding is by the configuration; `off`: it is not wanted. */
export function levelOf(finding: Finding, nodeName: string, { levels: all }: Config): Severity | "off" {
  let level: Level = "on";
  for (const { scope, byCheck } of all) {
    const own = byCheck.get(finding.checkId);
    if (own !== undefined && isWithin(scope, finding, nodeName)) level = own;
  }
  return level === "on" ? finding.severity : level;
}
