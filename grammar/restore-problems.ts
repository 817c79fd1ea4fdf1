import type { RuleNode } from "./ast.ts";
import type { Block, Judge } from "./block.ts";
import { releaseOf } from "./format-context.ts";
import { refusalOfJoin, refusedJoin } from "./joined-value.ts";
import type { Keyword } from "./keyword.ts";
import type { LineReader } from "./line-reader.ts";
import { nodeOf } from "./node-of.ts";
import type { ProblemList } from "./problem-list.ts";
import { RuleGroups, weightOfValues } from "./rule-groups.ts";
import type { ValueProblems } from "./value-problems.ts";
import { builtInChains, type RestoreContext, type RestoreRefusal, refusals } from "./vocabulary/refuse.ts";

/** The release whose judgement stands in where the text names none. */
export const USUAL_VERSION = "1.8.9";

/** Says what iptables-restore refuses of rules whose words and values are right each for itself. */
export class RestoreProblems {
  readonly #reader: LineReader;
  readonly #list: ProblemList;
  readonly #groups: RuleGroups;
  #block: Block | null | undefined;
  #context: RestoreContext = {
    family: null,
    table: null,
    backend: null,
    release: releaseOf(USUAL_VERSION),
    valuesAreRight: true,
  };

  readonly #asked: Judge | undefined;

  constructor(reader: LineReader, list: ProblemList, judge: Judge | undefined) {
    this.#reader = reader;
    this.#list = list;
    this.#asked = judge;
    this.#groups = new RuleGroups(reader);
  }

  /** Whether one look tells that nothing is wrong with the rule that the reader holds, its values included. */
  isSurelyRight(block: Block | null, values: ValueProblems): boolean {
    if (block !== this.#block) this.#enter(block);
    return this.#groups.areRight(values);
  }

  check(node: number, block: Block | null): void {
    if (block !== this.#block) this.#enter(block);
    const joined = refusedJoin(this.#reader);
    if (joined >= 0)
      this.#list.add(node, { checkId: "refused-rule", severity: "error", ...refusalOfJoin(this.#reader, joined) });
    else if (!this.#groups.areRight(null)) this.#judge(node);
  }

  /** Whether nothing is wrong with the rule that the reader holds but a value of the option; false where more depends on that. */
  isRightBut(option: Keyword, block: Block | null): boolean {
    if (block !== this.#block) this.#enter(block);
    if (weightOfValues(option, false) !== 0 || refusedJoin(this.#reader) >= 0) return false;
    return this.#groups.areRight(null) || this.#refusal() === null;
  }

  /** The first of all that is held against the rule that the reader holds, and whose groups were asked about last. */
  #refusal(): RestoreRefusal | null {
    const rule = nodeOf(this.#reader, 0, 0);
    if (rule.kind !== "rule") return null;
    const first = refusals(rule as RuleNode, this.#context)[0];
    if (first === undefined) this.#groups.learn();
    return first ?? null;
  }

  /** Says the first of everything that is held against the line. */
  #judge(node: number): void {
    const first = this.#refusal();
    if (first === null) return;
    const { offset, length, message, expected } = first;
    this.#list.add(node, {
      checkId: "refused-rule",
      severity: "error",
      offset,
      length,
      message,
      ...(expected === null ? {} : { expected }),
    });
  }

  #enter(block: Block | null): void {
    const header = this.#asked ?? block?.header ?? null;
    this.#block = block;
    this.#context = {
      family: header?.family ?? null,
      // what an unknown table takes nobody knows
      table: builtInChains(block?.table ?? "") === undefined ? null : (block?.table ?? null),
      backend: header?.backend ?? null,
      release: releaseOf(header?.version ?? USUAL_VERSION),
      valuesAreRight: true,
    };
    const { family, table, backend, release } = this.#context;
    this.#groups.enter(`${family} ${table} ${backend} ${release}`, backend);
  }
}
