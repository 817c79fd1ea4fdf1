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
