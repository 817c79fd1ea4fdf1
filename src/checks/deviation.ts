import type { ServicePort } from "../kubernetes/service-port.ts";
import type { Role } from "../kubernetes/templates/slot.ts";
import type { ChainId, RuleId } from "../netfilter/ruleset.ts";

/** A rule of a Service port that is not as kube-proxy writes it. */
export interface Deviation {
  readonly port: ServicePort;
  /**
   * `missing`: kube-proxy writes a rule that is not there. `unexpected`: a rule is there that it does not write. `changed`: the rule of
   * a slot is there with other values. `misplaced`: its place among the others is another. `repeated`: it is there once too often.
   */
  readonly kind: "missing" | "unexpected" | "changed" | "misplaced" | "repeated";
  readonly role: Role;
  readonly chainName: string;
  /** `NONE`: there is no such chain. */
  readonly chain: ChainId;
  /** Slot of the template; "" for a rule that fills none. */
  readonly slot: string;
  /** The rule as kube-proxy writes it; `null` for one that it does not. */
  readonly expected: string | null;
  /** The rule as it is; for a missing one the rule that it belongs before, `NONE` at the end of the chain. */
  readonly rule: RuleId;
}

/** A rule that stands once on a node and is not as kube-proxy writes it. */
export type NodeDeviation = Omit<Deviation, "port">;
