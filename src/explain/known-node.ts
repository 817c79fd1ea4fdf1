import type { Family } from "../../grammar/vocabulary/record.ts";
import { type ClusterFacts, NO_FACTS } from "../checks/facts.ts";
import { type Config, factsOf } from "../config/config.ts";
import type { NodeFacts } from "../netfilter/node.ts";
import { type NodeOptions, readFacts } from "./packet.ts";

/** What is known of a node besides its captures. */
export interface KnownNode {
  readonly cluster: ClusterFacts;
  /** Its addresses are `null` where nobody named any. */
  readonly facts: NodeFacts;
}

/** Knowledge of a node by its name, for one IP version. */
export type KnownNodes = (name: string, family: Family) => KnownNode;

/**
 * What options and the configuration say of nodes; options win.
 * @param sets - as `ipset save` printed them
 */
export function knownNodes(
  options: NodeOptions = {},
  config: Config | null = null,
  sets: NodeFacts["sets"] = new Map(),
): KnownNodes {
  return (name, family) => {
    const facts = readFacts(options, family, sets);
    const cluster = config === null ? NO_FACTS : factsOf(config, name);
    if (facts.addresses !== null) {
      return { cluster: { ...cluster, nodeIps: facts.addresses.map((bits) => ({ family, bits })) }, facts };
    }
    const told = cluster.nodeIps.filter((address) => address.family === family).map(({ bits }) => bits);
    return { cluster, facts: told.length === 0 ? facts : { ...facts, addresses: told } };
  };
}
