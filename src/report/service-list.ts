import type { Backend, Family } from "../../grammar/vocabulary/record.ts";
import type { ProxyParameters, ServicePortFacts } from "../kubernetes/service-map.ts";
import type { ServicePortLine } from "../kubernetes/service-port-line.ts";

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

/** All Service ports of some nodes, for a table. */
export interface ServiceTable {
  /** In the order to be shown. */
  readonly nodes: readonly NodeServices[];
  /** What their captures lack, in words. */
  readonly notShown: readonly string[];
}

/** Service ports of one node as the table has them: less than JSON, and cheaper to find out. Text is not decoded. */
export interface NodeServices {
  readonly name: string;
  readonly rows: readonly ServicePortLine[];
}
