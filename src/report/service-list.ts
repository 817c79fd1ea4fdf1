import type { Backend, Family } from "../../grammar/vocabulary/record.ts";
import type { ProxyParameters, ServicePortFacts } from "../kubernetes/service-map.ts";

/** One Service port of one node, as JSON has it. Text is decoded. */
export interface ListedServicePort extends ServicePortFacts {
  readonly node: string;
  readonly file: string;
  /** Lines of the file that show it. */
  readonly evidence: readonly number[];
}

/** What kube-proxy was told to do, in one ruleset. */
export interface ListedProxy {
  readonly node: string;
  readonly family: Family | null;
  readonly backend: Backend | null;
  readonly parameters: ProxyParameters;
}

/** All Service ports of some nodes. */
export interface ServiceList {
  readonly version: string;
  readonly proxies: readonly ListedProxy[];
  readonly servicePorts: readonly ListedServicePort[];
}

/** One Service port of one node as the table has it: less than JSON, and cheaper to find out. */
export interface ServiceRow
  extends Pick<
    ServicePortFacts,
    | "id"
    | "protocol"
    | "family"
    | "clusterIP"
    | "port"
    | "nodePort"
    | "externalIPs"
    | "loadBalancerIPs"
    | "externalTrafficPolicy"
    | "internalTrafficPolicy"
    | "sessionAffinity"
    | "sessionAffinityTimeoutSeconds"
    | "hasEndpoints"
  > {
  readonly node: string;
  /** Name of one of its chains where the Service has none; `null` where there is no chain either. */
  readonly chain: string | null;
  readonly endpointCount: number;
  /** Addresses of the endpoints where they are few. */
  readonly endpointAddresses: readonly (string | null)[];
}

/** All Service ports of some nodes, for a table. */
export interface ServiceTable {
  /** In the order to be shown. */
  readonly nodes: readonly string[];
  /** What their captures lack, in words. */
  readonly notShown: readonly string[];
  readonly rows: readonly ServiceRow[];
}
