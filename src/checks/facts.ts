import type { Address, AddressMask, NumberRange } from "../../grammar/values/types.ts";

/** What somebody knows of a node and its cluster and no dump shows. `null` and empty: not known. */
export interface ClusterFacts {
  /** Addresses of the node. */
  readonly nodeIps: readonly Address[];
  /** Networks of the pods of the whole cluster. */
  readonly podCidrs: readonly AddressMask[];
  /** Networks of the cluster IPs. */
  readonly serviceCidrs: readonly AddressMask[];
  /** kube-apiserver --service-node-port-range */
  readonly nodePortRange: NumberRange | null;
  /** Names of those who may and shall have chains on the node, besides kube-proxy and the kubelet. */
  readonly owners: readonly string[] | null;
  /** Whether kube-proxy programs Services here. */
  readonly kubeProxy: boolean | null;
}

export const NO_FACTS: ClusterFacts = {
  nodeIps: [],
  podCidrs: [],
  serviceCidrs: [],
  nodePortRange: null,
  owners: null,
  kubeProxy: null,
};
