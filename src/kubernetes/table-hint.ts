import type { TableName } from "../netfilter/table.ts";
import { hashedChainName } from "./chain-name.ts";

const inNat: ReadonlySet<string> = new Set([
  "KUBE-POSTROUTING",
  "KUBE-MARK-MASQ",
  "KUBE-MARK-DROP",
  "KUBE-HOSTPORTS",
  "KUBE-LOAD-BALANCER",
]);
const inFilter: ReadonlySet<string> = new Set([
  "KUBE-FORWARD",
  "KUBE-FIREWALL",
  "KUBE-PROXY-FIREWALL",
  "KUBE-EXTERNAL-SERVICES",
]);

/** Table of a chain of kube-proxy's that stands in one table only; `undefined` for names that stand in several, or are none of its own. */
export function tableHint(chain: string): TableName | undefined {
  if (inNat.has(chain) || hashedChainName(chain) !== null) return "nat";
  return inFilter.has(chain) ? "filter" : undefined;
}
