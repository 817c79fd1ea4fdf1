import { Source } from "../grammar/source.ts";
import { tableOfChain } from "./kubernetes/chain-table.ts";
import { readServiceMap, type ServiceMapOptions } from "./kubernetes/read-service-map.ts";
import type { ServiceMap } from "./kubernetes/service-map-of.ts";
import { buildStore } from "./netfilter/build.ts";
import { rulesetsOf } from "./netfilter/rulesets.ts";
import type { RuleStore } from "./netfilter/store.ts";
import type { NodeTexts } from "./nodes.ts";

/** A node as its texts show it. */
export interface NodeModel {
  readonly name: string;
  readonly store: RuleStore;
  /** One for each ruleset: IP version and back end. */
  readonly maps: readonly ServiceMap[];
}

/** Is told what is being done; may be called often. */
export type OnProgress = (step: string) => void;

export interface ReadOptions extends ServiceMapOptions {
  readonly onProgress?: OnProgress;
}

/** Reads the texts of one node: rules, then Services. */
export function readNode(node: NodeTexts, { onProgress = () => {}, ...options }: ReadOptions = {}): NodeModel {
  onProgress(`${node.name}: reading`);
  const store = buildStore(Source.join(node.texts), { tableHint: tableOfChain });
  onProgress(`${node.name}: finding the Services in ${store.ruleCount} rules`);
  return { name: node.name, store, maps: rulesetsOf(store).map((ruleset) => readServiceMap(ruleset, options)) };
}
