import { Source } from "../grammar/source.ts";
import { tableOfChain } from "./kubernetes/chain-table.ts";
import { readServiceMap, type ServiceMapOptions } from "./kubernetes/read-service-map.ts";
import type { ServiceMap } from "./kubernetes/service-map-of.ts";
import { buildStore } from "./netfilter/build.ts";
import type { Ruleset } from "./netfilter/ruleset.ts";
import { rulesetsOf } from "./netfilter/rulesets.ts";
import type { RuleStore } from "./netfilter/store.ts";
import type { NodeTexts } from "./nodes.ts";
import { groupDigits } from "./report/report.ts";

/** A node as its texts show it. */
export interface NodeModel {
  readonly name: string;
  readonly store: RuleStore;
  /** One for each IP version and back end. */
  readonly rulesets: readonly Ruleset[];
  /** What kube-proxy meant by each of the rulesets; read when it is first asked for, since a trace needs no Services. */
  readonly maps: readonly ServiceMap[];
}

/** Is told what is being done; may be called often. */
export type OnProgress = (step: string) => void;

export interface ReadOptions extends ServiceMapOptions {
  readonly onProgress?: OnProgress;
}

/** Reads the texts of one node: rules at once, Services when somebody asks for them. */
export function readNode(node: NodeTexts, { onProgress = () => {}, ...options }: ReadOptions = {}): NodeModel {
  const source = Source.join(node.texts);
  const size = inMegabytes(source.bytes.length);
  const onRead = (bytes: number, rules: number): void =>
    onProgress(`${node.name}: read ${inMegabytes(bytes)} of ${size} MB, ${groupDigits(rules)} rules`);
  onRead(0, 0);
  const store = buildStore(source, { tableHint: tableOfChain, onRead });
  const rulesets = rulesetsOf(store);
  let maps: readonly ServiceMap[] | undefined;
  return {
    name: node.name,
    store,
    rulesets,
    get maps() {
      if (maps === undefined) {
        onProgress(`${node.name}: finding the Services in ${groupDigits(store.ruleCount)} rules`);
        maps = rulesets.map((ruleset) => readServiceMap(ruleset, options));
      }
      return maps;
    },
  };
}

const inMegabytes = (bytes: number): string => String(Math.round(bytes / 1e6));
