import type { ChainId, RuleId } from "../netfilter/ruleset.ts";
import type { RuleStore } from "../netfilter/store.ts";
import type { Table, TableName } from "../netfilter/table.ts";
import type { Context } from "./context.ts";
import type { Confidence, Severity } from "./finding.ts";

/** What is to be known of a kind of finding; everything that `iptlint checks ID` prints. */
export interface CheckDocumentation {
  /** kebab-case noun phrase of the defect; reads well after "ignore". */
  readonly id: string;
  /** At its worst; a finding whose trace shows less harm is milder. */
  readonly severity: Severity;
  readonly confidence: Confidence;
  /** What is wrong, in one line without a stop. */
  readonly summary: string;
  /** Why it hurts. */
  readonly why: string;
  /** What in the text shows it. */
  readonly evidence: string;
  /** How to see the same on the node without changing anything. */
  readonly confirm: string;
  /** When it is as it should be. */
  readonly whenFine: string;
  readonly remedy: string;
  /** URLs. */
  readonly references: readonly string[];
  /** First version of iptlint that has it. */
  readonly since: string;
}

/** What a check judges, hence when it has nothing to say. */
export type Subject =
  /** The text itself: never muted. */
  | "capture"
  /** Rules of whoever: silent where the text does not describe the kernel. */
  | "netfilter"
  /** kube-proxy's rules: silent as well where it does not program Services in iptables mode here. */
  | "kube-proxy";

/** A lint rule. One plain object in a file of its own and one line in index.ts. */
export interface Check extends CheckDocumentation {
  readonly subject: Subject;
  /** Tables without which it cannot tell; where one of them is missing, cut off or a fragment it is silent, and the run says so. */
  readonly needs: readonly TableName[];
  /** What it finds about a Service port usually follows from what an earlier check found about the same one, and is shown with that. */
  readonly followsOthers?: boolean;
  /** Called once for each ruleset (IP version and back end) of a node. */
  readonly run?: (context: Context, report: ReportFinding) => void;
  /** Called once for each node. */
  readonly runOnNode?: (node: NodeView, report: ReportFinding) => void;
}

/** All texts of a node. */
export interface NodeView {
  readonly store: RuleStore;
  readonly contexts: readonly Context[];
}

/** A place in the text: a rule, a chain (where it is declared, else first used), a table, or raw bytes of the source. */
export type Spot =
  | { readonly rule: RuleId }
  | { readonly chain: ChainId }
  | { readonly table: Table }
  | { readonly offset: number; readonly length: number };

/**
 * What a check has to say; the rest of a finding comes from its check. Texts may hold byte strings of the dump: what a check adds of
 * its own is ASCII.
 */
export interface Draft {
  readonly at: Spot;
  readonly message: string;
  readonly label?: string | null;
  readonly related?: readonly RelatedSpot[];
  readonly missing?: readonly string[];
  readonly servicePort?: string | null;
  readonly effect?: string | null;
  readonly severity?: Severity;
  readonly confidence?: Confidence;
  readonly confirm?: string | null;
  readonly remedy?: string | null;
}

export interface RelatedSpot {
  readonly at: Spot;
  readonly label: string;
  /** On the way to the finding's own place. */
  readonly before?: boolean;
}

/** Takes a draft, or what makes it `about` something where there may be very many: of a kind only the first ten thousand are made. */
export type ReportFinding = <T>(draft: Draft | ((about: T) => Draft), about?: T) => void;
