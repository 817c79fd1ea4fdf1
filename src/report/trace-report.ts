import type { Backend, Family } from "../../grammar/vocabulary/record.ts";
import type { WaySection } from "./way.ts";

/** Where a part of the packets ends. All text is decoded, not escaped. */
export interface TracedEnd {
  /** Of all packets, where the assumptions hold. */
  readonly share: number;
  /** The same as the rules mean it: `1/3`. */
  readonly ideal: string;
  readonly fate: "forwarded" | "local" | "rejected" | "dropped" | "unknown";
  /** `10.244.1.5:80` */
  readonly dnat: string | null;
  readonly snat: boolean | null;
  readonly rejectWith: string | null;
  readonly outInterface: string | null;
  /** Why the fate is unknown. */
  readonly reason: string | null;
  /** Clauses: "192.0.2.10 is an address of this node". */
  readonly assumptions: readonly string[];
  /** Index of the last step; -1 when no rule matched. */
  readonly step: number;
  /** Last steps of other branches that this way took before many ways came together; they and their parents belong to it. */
  readonly via: readonly number[];
}

/** A rule that matched, or a policy. */
export interface TracedStep {
  readonly hook: string;
  readonly table: string;
  readonly chain: string;
  /** 0 where no line says it. */
  readonly line: number;
  readonly effect: string;
  /** Index of the step before; -1 for a first one. */
  readonly parent: number;
}

/** Where one packet goes on one node. */
export interface TraceReport {
  readonly version: string;
  readonly node: string;
  readonly family: Family;
  readonly backend: Backend | null;
  /** As given; `any source` where nothing was. */
  readonly from: string;
  /** `192.0.2.10:30080/tcp` */
  readonly to: string;
  readonly ends: readonly TracedEnd[];
  readonly steps: readonly TracedStep[];
  /** What was taken for granted throughout, a sentence each. */
  readonly assumed: readonly string[];
  /** The steps in words. */
  readonly way: readonly WaySection[];
}

/** Where the connections of one kind of client go. */
export interface ClientsRow extends TraceReport {
  /** As a noun phrase: "a pod of this node". */
  readonly client: string;
}

/** All kinds of clients of one way to a Service. */
export interface ClientsReport {
  /** `namespace/name:port`, or what is known of it. */
  readonly name: string;
  /** `cluster IP`, `node port` */
  readonly kind: string;
  readonly rows: readonly ClientsRow[];
}
