import type { TableName } from "../table.ts";
import type { Hook } from "../target/outcome.ts";

/** Tables at each hook in the order of their priorities (include/uapi/linux/netfilter_ipv4.h, enum nf_ip_hook_priorities). */
export const TABLES_AT: Readonly<Record<Hook, readonly TableName[]>> = {
  PREROUTING: ["raw", "mangle", "nat"],
  INPUT: ["mangle", "filter", "security", "nat"],
  FORWARD: ["mangle", "filter", "security"],
  OUTPUT: ["raw", "mangle", "nat", "filter", "security"],
  POSTROUTING: ["mangle", "nat"],
};
