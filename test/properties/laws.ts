import { bytesOf } from "../../grammar/bytes.ts";
import { invariant } from "../../grammar/invariant.ts";
import { parse } from "../../grammar/parse.ts";
import { print } from "../../grammar/print.ts";
import type { Ast } from "../../grammar/syntax-tree.ts";
import { buildStore } from "../../src/netfilter/build.ts";
import { rulesetsOf } from "../../src/netfilter/rulesets.ts";
import type { RuleStore } from "../../src/netfilter/store.ts";

const LF = 10;

/** Throws where parsing `bytes` breaks a law of the grammar; the message says which. */
export function expectLaws(bytes: Uint8Array): void {
  const ast = parse(bytes);
  expectSameBytes(print(ast), bytes);
  expectTiles(ast);
  expectPlaces(ast);
  expectSame(parse(bytes, { memo: false }), ast);
  expectSame(parse(bytes, { memo: 2 }), ast);
  const store = buildStore(bytes);
  rulesetsOf(store);
  const plain = buildStore(bytes, { memo: false });
  expectSameStore(store, plain);
  // where a form is not kept, nobody says where its value is
  expectSameStore(buildStore(bytes, { memo: 2 }), plain, false);
}

/** The laws over a text. */
export const expectLawsOfText = (text: string): void => expectLaws(bytesOf(text));

/** Law 1: what is printed is what was read. */
export function expectSameBytes(printed: Uint8Array, bytes: Uint8Array): void {
  let at = 0;
  while (at < bytes.length && printed[at] === bytes[at]) at++;
  invariant(
    at === bytes.length && printed.length === bytes.length,
    `printed ${printed.length} bytes for ${bytes.length}, other from byte ${at} on`,
  );
}

/** Nodes tile the source, words their nodes, and lines are counted by LF. */
function expectTiles(ast: Ast): void {
  const { bytes, lines } = ast.source;
  let end = 0;
  let line = 1;
  for (const node of ast) {
    invariant(node.offset === end && node.length > 0, `node ${node.index} begins at ${node.offset}, not at ${end}`);
    invariant(node.line === line, `node ${node.index} stands on line ${line}, not ${node.line}`);
    let from = node.offset;
    for (const word of node.words) {
      invariant(word.offset >= from, `a word of node ${node.index} at ${word.offset} lies before ${from}`);
      from = word.offset + word.length;
    }
    end = node.offset + node.length;
    invariant(from <= end, `the last word of node ${node.index} ends at ${from}, behind the node`);
    for (let at = node.offset; at < end; at++) if (lines[at] === LF) line++;
  }
  invariant(end === bytes.length, `the last node ends at ${end} of ${bytes.length}`);
}

/** Law 2: each problem has a place in the text, and a node has at most one of severity error. */
function expectPlaces(ast: Ast): void {
  const { bytes } = ast.source;
  const failed = new Set<number>();
  for (const problem of ast.problems) {
    const said = `${problem.checkId} at ${problem.offset}`;
    invariant(problem.offset >= 0 && problem.length >= 0, `${said} has length ${problem.length}`);
    invariant(problem.offset + problem.length <= bytes.length, `${said}+${problem.length} ends behind the text`);
    invariant(problem.length > 0 || bytes.length === 0, `${said} covers nothing`);
    invariant(ast.nodeAt(problem.offset) === problem.node, `${said} names node ${problem.node} but lies in another`);
    const { line, column } = ast.place(problem.offset);
    invariant(line >= 1 && column >= 1, `${said} has the place ${line}:${column}`);
    if (problem.severity !== "error") continue;
    invariant(!failed.has(problem.node), `node ${problem.node} has a second error: ${said}`);
    failed.add(problem.node);
  }
}

/** Law 3: the memo changes nothing, whether no form of line is kept, a few or all. */
function expectSame(plain: Ast, memoised: Ast): void {
  invariant(plain.length === memoised.length, `${memoised.length} nodes with the memo, ${plain.length} without`);
  for (let index = 0; index < plain.length; index++) {
    const [a, b] = [asJson(plain.node(index)), asJson(memoised.node(index))];
    invariant(a === b, `node ${index} with the memo\n${b}\nwithout\n${a}`);
    if (plain.shape(index).kind !== "rule") continue;
    invariant(plain.targetRecord(index) === memoised.targetRecord(index), `node ${index} has two targets: ${a}`);
    invariant(plain.mentions(index) === memoised.mentions(index), `node ${index} mentions other things: ${a}`);
  }
  const [a, b] = [asJson(plain.problems), asJson(memoised.problems)];
  invariant(a === b, `problems with the memo\n${b}\nwithout\n${a}`);
}

/** Law 3 of the rules and chains. */
function expectSameStore(memoised: RuleStore, plain: RuleStore, hasValues = true): void {
  const [a, b] = [memoised, plain].map((each) => storeAsText(each, hasValues)) as [string, string];
  invariant(a === b, `with the memo\n${a}\nwithout\n${b}`);
}

function storeAsText(store: RuleStore, hasValues: boolean): string {
  const name = (chain: number): string => (chain < 0 ? "-" : `${store.tableOf(chain).index} ${store.chainName(chain)}`);
  const lines: string[] = store.tables.map(
    ({ name, chains }) => `${name}: ${chains.map((each) => store.chainName(each))}`,
  );
  for (let chain = 0; chain < store.chainCount; chain++)
    lines.push(`${name(chain)} ${store.declaration(chain)} ${store.firstRule(chain)}`);
  for (let rule = 0; rule < store.ruleCount; rule++)
    lines.push(
      `${store.node(rule)} ${name(store.chainOf(rule))} ${name(store.targetChain(rule))} ${store.nextRule(rule)} ${hasValues ? store.valueStart(rule) : ""}`,
    );
  return lines.join("\n");
}

/** JSON with records of the vocabulary as their names. */
export function asJson(value: unknown): string {
  return JSON.stringify(value, (key, each: unknown) => {
    if (typeof each === "bigint") return String(each);
    if (key !== "record" || each === null) return each;
    const record = each as { flag?: string; kind?: string; name?: string };
    return record.flag ?? `${record.kind} ${record.name}`;
  });
}
