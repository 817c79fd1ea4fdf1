import type { ChainId, RuleId } from "../netfilter/ruleset.ts";
import type { TableName } from "../netfilter/table.ts";
import type { ServicePort } from "./service-port.ts";
import type { Role } from "./templates/slot.ts";

/** A rule that kube-proxy writes and the capture does not have. */
export interface MissingRule {
  /** `null` for rules that stand once on a node. */
  readonly servicePort: ServicePort | null;
  readonly role: Role;
  readonly slot: string;
  readonly table: TableName;
  /** `NONE`: the chain is missing too. */
  readonly chain: ChainId;
  readonly chainName: string;
  /** The rule as iptables-save would print it; `null` where the capture does not show all of its values. */
  readonly text: string | null;
  /** The rule before which kube-proxy writes it; `NONE`: none that must come later. */
  readonly before: RuleId;
}

/** A rule in a chain of kube-proxy's that it does not write there. */
export interface UnexpectedRule {
  readonly rule: RuleId;
  readonly chain: ChainId;
  readonly servicePort: ServicePort | null;
  /**
   * `form`: no rule of kube-proxy's looks like that in this chain; `policy`: one does, for another traffic policy or release;
   * `values`: it names what is not this Service port's; `duplicate`: there is one already.
   */
  readonly reason: "form" | "policy" | "values" | "duplicate";
}

export interface Deviations {
  readonly missing: readonly MissingRule[];
  readonly unexpected: readonly UnexpectedRule[];
}
