import type { CheckDocumentation } from "./check.ts";
import type { Severity } from "./finding.ts";

/** What the parser finds: documented as checks are, found while the text is read. */
export const problemDocs: readonly CheckDocumentation[] = [
  problem("syntax-error", "error", "A line is none that iptables-save prints", {
    why: "iptables-restore refuses the whole table, so that none of its rules is loaded.",
    evidence: "The first word that cannot stand where it stands.",
    whenFine: "Never in what iptables-save printed: the text was edited, cut or copied together.",
  }),
  problem("missing-value", "error", "An option lacks its value", {
    why: "iptables-restore refuses the line, and with it the whole table. Often the end of a line was lost on the way.",
    evidence: "An option at the end of the line, or before the next one.",
    whenFine: "Never in what iptables-save printed.",
  }),
  problem("unknown-option", "error", "No extension on the line knows an option", {
    why: "iptables-restore refuses the line, and with it the whole table.",
    evidence: "A flag that neither the core nor a match or target before it has.",
    whenFine: "A newer iptables than iptlint knows printed it, or a patched one.",
  }),
  problem("unknown-extension", "info", "A match or target is not known to iptlint", {
    why: "What its rules do with a packet cannot be told: traces through them end as unknown.",
    evidence: "A name behind -m, or behind -j with options of its own, that iptables does not ship.",
    whenFine: "An extension from elsewhere (xtables-addons, a vendor's kernel) is in use.",
  }),
  problem("invalid-value", "error", "A value is none that its option takes", {
    why: "iptables-restore refuses the line, and with it the whole table.",
    evidence: "An address, port, mark or the like that does not read, or is out of range.",
    whenFine: "Never in what iptables-save printed.",
  }),
  problem("placeholder", "info", "A placeholder stands where a value was taken out", {
    why: "What such a rule matches is not shown, and what follows from it cannot be said.",
    evidence: "A word such as <IP> or x.x.x.x in place of a value.",
    whenFine: "The text was anonymised on purpose.",
    remedy: "Replace values by others of the same kind instead of taking them out.",
  }),
  problem("refused-rule", "error", "iptables refuses a rule as a whole", {
    why: "iptables-restore refuses the whole table, so that none of its rules is loaded.",
    evidence:
      "Parts that are right alone and cannot stand together: --dport without a protocol, a target outside its table.",
    whenFine: "Never in what iptables-save printed.",
  }),
  problem("old-negation", "warning", "A `!` stands behind its option", {
    why: "iptables wrote it so before 1.4.3 and refuses it today.",
    evidence: "`-s ! 10.0.0.0/8` instead of `! -s 10.0.0.0/8`.",
    whenFine: "The text is that old, and is only read.",
    remedy: "Put the `!` before the option.",
  }),
  problem("trailing-text", "warning", "Text stands behind a rule", {
    why: "iptables knows no comment at the end of a line and refuses it.",
    evidence: "Words behind the last option, most often after a #.",
    whenFine: "In an article. Never in what iptables-save printed.",
    remedy: "Put comments on lines of their own.",
  }),
  problem("text-around-rules", "info", "Text of others stands around the rules", {
    why: "iptables-restore refuses such a text, and what was cut along with it cannot be seen.",
    evidence:
      "A prompt, prefixes of a log, prose before, between or behind the lines of iptables-save; a line that a terminal or a mail broke into several.",
    whenFine: "The text was copied from a terminal or a log, to be read.",
  }),
  problem("missing-commit", "error", "A table ends without COMMIT", {
    why: "The text was cut off: what follows from rules that are not there cannot be said, and iptables-restore loads nothing of the table.",
    evidence: "A `*table` line without a COMMIT before the next one or the end.",
    whenFine: "The text is an excerpt.",
  }),
  problem("unknown-table", "error", "iptables has no table of that name", {
    why: "iptables-restore stops there.",
    evidence: "A `*name` line with another name than filter, nat, mangle, raw, security.",
    whenFine: "Never for iptables. ebtables has tables of its own.",
  }),
  problem("newline-in-quotes", "error", "A comment holds a newline", {
    why: "The kernel keeps it and iptables-save prints it, but iptables-restore cannot read it back: after the next reboot or restore the table is empty.",
    evidence: "An opening quote whose end stands on a later line.",
    whenFine: "Never.",
    remedy:
      "Delete the rule on the node by its number (iptables -L --line-numbers) and add it with a comment on one line.",
  }),
  problem("line-too-long", "warning", "A line is longer than iptables-restore reads", {
    why: "It cuts the line and takes the rest for a new one.",
    evidence: "More than 10,239 bytes before the newline.",
    whenFine: "The text is not meant to be loaded.",
  }),
  problem("too-many-words", "error", "A line has more words than iptables takes", {
    why: "iptables-restore refuses the line, and with it the whole table.",
    evidence: "More than 253 words.",
    whenFine: "Never in what iptables-save printed.",
  }),
  problem("carriage-returns", "info", "Every line ends in CR LF", {
    why: "iptables-restore takes the CR for part of the last word and refuses the text.",
    evidence: "A carriage return before each newline.",
    whenFine: "The text went through Windows, to be read.",
    remedy: "sed 's/\\r$//' dump.txt",
  }),
  problem("mixed-line-endings", "warning", "Some lines end in CR LF", {
    why: "iptables-restore takes the CR for part of the last word.",
    evidence: "A carriage return before some newlines.",
    whenFine: "Never in what iptables-save printed.",
    remedy: "sed 's/\\r$//' dump.txt",
  }),
];

function problem(
  id: string,
  severity: Severity,
  summary: string,
  texts: { why: string; evidence: string; whenFine: string; remedy?: string },
): CheckDocumentation {
  return {
    id,
    severity,
    confidence: "certain",
    summary,
    confirm: "iptables-restore --test < dump.txt",
    remedy: "Capture again on the node, straight into a file: iptables-save > dump.txt",
    references: [],
    since: "0.1.0",
    ...texts,
  };
}
