import { pad, wrapProse } from "./columns.ts";
import { shareLine } from "./ends-text.ts";
import { forTerminal, inertLines } from "./escape.ts";
import type { ExplainedShare, ExplainReport, Explanation, SeenSource } from "./explanation.ts";
import { groupDigits, type Look } from "./report.ts";
import { painter } from "./style.ts";
import { beside } from "./trace-text.ts";
import { renderWay } from "./way-text.ts";

/** Of more endpoints than this the rest is summed up. */
const mostShares = 12;

/** The answer first, then the way rule by rule, then what to know besides. */
export function* renderExplainText(report: ExplainReport, look: Look): Iterable<string> {
  const several = new Set(report.answers.map(({ node }) => node)).size > 1;
  for (const [k, answer] of report.answers.entries()) {
    yield inertLines(`${k === 0 ? "" : "\n"}${[...answerLines(answer, several, look)].join("\n")}\n`);
  }
}

function* answerLines(answer: Explanation, several: boolean, look: Look): Iterable<string> {
  const paint = painter(look.colour);
  const prose = (text: string, margin = 0) =>
    wrapProse(forTerminal(text, look.unicode), look.width - margin).map((line) => " ".repeat(margin) + line);
  const headline = forTerminal(several ? `${answer.node}: ${answer.headline}` : answer.headline, look.unicode);
  for (const line of wrapProse(headline, look.width, 2)) yield paint("bold", line);
  yield* shareLines(answer.shares, look);
  if (answer.choice !== null) yield* prose(answer.choice, 2);
  if (answer.way.length > 0) {
    yield "";
    if (answer.wayOf !== null) yield* prose(answer.wayOf);
    yield* renderWay(answer.way, look);
  }
  if (answer.sources.length > 0) {
    yield "";
    const isShut = answer.sources.every(({ seen }) => seen.startsWith(nothing));
    yield isShut ? "No client gets to an endpoint" : "What the endpoint sees as the source";
    const sources = isShut ? answer.sources.map(withoutNothing) : answer.sources;
    yield* sourceLines(inGroups(sources), look);
  }
  if (answer.remarks.length + answer.notShown.length + answer.sources.length > 0) yield "";
  for (const remark of answer.remarks) yield* prose(remark);
  if (answer.notShown.length > 0) {
    yield* prose(`Not shown: ${answer.notShown.join(", ")}.`);
    yield "For the whole answer: iptables-save > dump.txt";
  }
  if (answer.sources.length > 0) yield* prose(beside);
}

const nothing = "nothing: ";
const withoutNothing = ({ client, seen }: SeenSource): SeenSource => ({ client, seen: seen.slice(nothing.length) });

/** Those who are seen alike one after the other. */
function inGroups(sources: readonly SeenSource[]): SeenSource[] {
  const groups = [...new Set(sources.map(({ seen }) => seen))];
  return groups.flatMap((group) => sources.filter(({ seen }) => seen === group));
}

function* sourceLines(sources: readonly SeenSource[], look: Look): Iterable<string> {
  const widest = sources.reduce((most, { client }) => Math.max(most, client.length), 0);
  const stacked = look.width < widest + 45;
  let before: string | null = null;
  for (const { client, seen } of sources) {
    const said = forTerminal(seen === before ? "the same" : seen, look.unicode);
    if (stacked) {
      yield* wrapProse(`  ${client}: ${said}`, look.width, 4);
      before = seen;
      continue;
    }
    const lines = wrapProse(said, look.width - widest - 4);
    for (const [k, line] of lines.entries()) yield `  ${pad(k === 0 ? client : "", widest)}  ${line}`;
    before = seen;
  }
}

function* shareLines(shares: readonly ExplainedShare[], look: Look): Iterable<string> {
  const shown = shares.length > mostShares ? shares.slice(0, mostShares - 2) : shares;
  for (const { share, address, note } of shown) {
    const text = [address, note].filter((part) => part !== null).join(", ");
    if (share === null) yield `${" ".repeat(9)}  ${forTerminal(text, look.unicode)}`;
    else yield* shareLine(share, text, "", look);
  }
  const rest = shares.slice(shown.length);
  if (rest.length === 0) return;
  const share = rest.reduce((sum, each) => sum + (each.share ?? 0), 0);
  yield* shareLine(share, `${groupDigits(rest.length)} more endpoints, none with a larger share`, "", look);
}
