import type { Counters, Node, OptionNode, RuleNode } from "../../grammar/ast.ts";
import type { Ast } from "../../grammar/syntax-tree.ts";
import { displayed } from "./displayed.ts";
import { toJson } from "./escape.ts";

/**
 * `iptlint/ast/1` as JSON lines, described by schema/ast.schema.json: a line that says what follows, then one line for each node of
 * the text, in its order. Offsets are raw bytes; 64-bit counters are strings.
 */
export function* renderAstJson(ast: Ast, version: string): Iterable<string> {
  for (const file of ast.source.files) {
    yield `${toJson({ schema: "iptlint/ast/1", version, file: file.name, bytes: file.end - file.start })}\n`;
    if (file.end === file.start) continue;
    for (let index = ast.nodeAt(file.start); index < ast.length && ast.offset(index) < file.end; index++) {
      yield `${toJson(displayed(nodeJson(ast.node(index), file.start)))}\n`;
    }
  }
}

function nodeJson(node: Node, start: number): object {
  const { kind, line, length } = node;
  return { kind, line, offset: node.offset - start, length, ...contentOf(node) };
}

function contentOf(node: Node): object {
  switch (node.kind) {
    case "table":
      return { name: node.name };
    case "chain":
      return { name: node.name, policy: node.policy, counters: countersOf(node.counters) };
    case "rule":
      return ruleOf(node);
    case "command":
      return { command: node.command, words: node.words.map((word) => word.text) };
    case "comment":
      return { text: node.text };
    default:
      return {};
  }
}

function ruleOf(rule: RuleNode): object {
  const { command, ruleNumber, chain, counters, options, matches, target } = rule;
  return {
    command,
    ruleNumber,
    chain: chain.text,
    counters: countersOf(counters),
    options: options.map(optionOf),
    matches: matches.map(({ name, word, record, options }) => ({
      name,
      implied: word === null,
      known: record !== null,
      options: options.map(optionOf),
    })),
    target:
      target === null
        ? null
        : {
            name: target.name,
            goto: target.goto,
            extension: target.record !== null,
            options: target.options.map(optionOf),
          },
  };
}

function optionOf({ flag, negated, values, record }: OptionNode): object {
  return { flag: flag.text, negated, values: values.map(({ text }) => text), known: record !== null };
}

function countersOf(counters: Counters | null): object | null {
  return counters === null ? null : { packets: String(counters.packets), bytes: String(counters.bytes) };
}
