import type { ExtensionRecord, OptionRecord } from "./vocabulary/record.ts";

/** One word of a line. `text` is a byte string without quotes and escapes; offset and length are raw bytes in the source. */
export interface Word {
  readonly text: string;
  readonly offset: number;
  readonly length: number;
  readonly quoted: boolean;
}

/** An option as written. `record` is `null` for an option that the vocabulary does not know. */
export interface OptionNode {
  readonly flag: Word;
  readonly record: OptionRecord | null;
  /** The `!` before the flag (or, in old texts, before the value); `null` when not negated. */
  readonly bang: Word | null;
  readonly negated: boolean;
  readonly values: readonly Word[];
}

/** A match extension with its options. `word` is `null` when `-p` brought it along (`-p tcp --dport 80`). */
export interface MatchNode {
  readonly name: string;
  readonly word: Word | null;
  readonly record: ExtensionRecord | null;
  readonly options: readonly OptionNode[];
}

/** What `-j` or `-g` names. `record` is `null` for a user-defined chain and for an unknown target. */
export interface TargetNode {
  readonly name: string;
  readonly word: Word;
  readonly goto: boolean;
  readonly record: ExtensionRecord | null;
  readonly options: readonly OptionNode[];
}

/** Packet and byte counters, `[7:8]` or `-c 7 8`. */
export interface Counters {
  readonly packets: bigint;
  readonly bytes: bigint;
}

interface NodeBase {
  /** Ordinal of the node in the source. */
  readonly index: number;
  /** 1-based, in its file. */
  readonly line: number;
  /** Raw bytes of the node with its line end: the nodes of a source tile it. */
  readonly offset: number;
  readonly length: number;
  /** The words in order, all of them; what lies between them is blanks (and noise that was set aside). */
  readonly words: readonly Word[];
}

/** `*nat` */
export interface TableNode extends NodeBase {
  readonly kind: "table";
  readonly name: string;
}

/** `:INPUT ACCEPT [0:0]`; also `-N X`, `-P INPUT ACCEPT` of `iptables -S`. */
export interface ChainNode extends NodeBase {
  readonly kind: "chain";
  readonly name: string;
  /** `ACCEPT`, `DROP`, or `-` for a user-defined chain. */
  readonly policy: string;
  readonly counters: Counters | null;
}

/** Commands that carry a rule. */
export type RuleCommand = "append" | "insert" | "delete" | "replace" | "check";

/** A line of a chain. */
export interface RuleNode extends NodeBase {
  readonly kind: "rule";
  readonly command: RuleCommand;
  /** Rule number of `-I`, `-R`, `-D`; else `null`. */
  readonly ruleNumber: number | null;
  readonly chain: Word;
  readonly counters: Counters | null;
  /** `-s -d -i -o -p -f` and what else the core knows, in the order written. */
  readonly options: readonly OptionNode[];
  readonly matches: readonly MatchNode[];
  readonly target: TargetNode | null;
}

/** `-F -X -Z -E -L -S`: a command without a rule. */
export interface CommandNode extends NodeBase {
  readonly kind: "command";
  readonly command: string;
}

/** `COMMIT` */
export interface CommitNode extends NodeBase {
  readonly kind: "commit";
}

/** A line that begins with `#`. */
export interface CommentNode extends NodeBase {
  readonly kind: "comment";
  readonly text: string;
}

/** An empty line or one of blanks. */
export interface BlankNode extends NodeBase {
  readonly kind: "blank";
}

/** A line that is no iptables-save: a prompt, a log line without a rule, a broken rule. */
export interface OtherNode extends NodeBase {
  readonly kind: "noise" | "bad";
}

export type Node = TableNode | ChainNode | RuleNode | CommandNode | CommitNode | CommentNode | BlankNode | OtherNode;
