import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { displayText } from "../../grammar/bytes.ts";
import { explain } from "../../src/explain/explain.ts";
import { readSubject } from "../../src/explain/subject.ts";
import { joinAddress } from "../../src/kubernetes/address-text.ts";
import type { ServiceMap } from "../../src/kubernetes/service-map-of.ts";
import { type NodeModel, readNode } from "../../src/read-node.ts";
import { renderExplainJson } from "../../src/report/explain-json.ts";
import { renderExplainText } from "../../src/report/explain-text.ts";
import type { ExplainReport } from "../../src/report/explanation.ts";
import { expectSchema } from "../helpers/schema.ts";
import { describeShared, sharedPath } from "../helpers/shared.ts";

/** Every kind of question about real texts: an answer, readable, with lines that there are. */

const look = { width: 100, colour: false, unicode: true, quiet: false };
/** Of a text so many Service ports are asked for, of the many shared ones fewer. */
const mostPorts = { own: 12, shared: 4 };

const own = new URL("../../fixtures/", import.meta.url).pathname;

describe("of the fixtures", () => {
  test.each(textsIn(join(own, "dumps")).filter((name) => !name.includes("/faults/")))("%s", (name) =>
    ask(name, mostPorts.own),
  );
  test.each(textsIn(join(own, "healthy")))("%s", (name) => ask(name, mostPorts.own));
});

describeShared("of the shared dumps and public texts", () => {
  const folders = ["dumps", "corpus"].flatMap((name) => readdirSync(sharedPath(name)).map((each) => `${name}/${each}`));
  const kinds = new Map<string, string[]>();
  for (const folder of folders) {
    const kind = folder.startsWith("corpus/") ? "corpus" : folder;
    kinds.set(kind, [
      ...(kinds.get(kind) ?? []),
      ...textsIn(sharedPath(folder)).filter((name) => !name.includes("huge-")),
    ]);
  }
  test.each([...kinds].filter(([, names]) => names.length > 0))(
    "%s",
    (_kind, names) => {
      for (const name of names) ask(name, mostPorts.shared);
    },
    300_000,
  );
});

function textsIn(path: string): string[] {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return /\.txt(?:\.gz)?$/.test(path) && !/save-c\.txt/.test(path) ? [path] : [];
  return readdirSync(path).flatMap((name) => textsIn(join(path, name)));
}

function ask(path: string, most: number): void {
  const packed = readFileSync(path);
  const bytes = path.endsWith(".gz") ? gunzipSync(packed) : packed;
  const node = readNode({ name: "dump", texts: [{ name: "dump", bytes }] });
  const lines = new TextDecoder("latin1").decode(bytes).split("\n").length;
  const questions = new Set(node.maps.flatMap((map) => [...questionsAbout(map, most)]));
  for (const question of questions) {
    const report = explain([node], question, readSubject(question));
    expect([path, question, report.answers.length > 0]).toEqual([path, question, true]);
    expectReadable(`${path} ${question}`, report, lines);
    expectWholeShares(`${path} ${question}`, report);
  }
  for (const question of ["1", "10.255.255.254:9", "no/such:thing", "no-such-thing", "line:99999999"])
    expectNothing(node, question);
}

function* questionsAbout(map: ServiceMap, most: number): Iterable<string> {
  for (const port of map.servicePorts.slice(0, most)) {
    if (port.id !== null && /^[^\s/]+\/[^\s/]+$/.test(displayText(port.id))) yield displayText(port.id);
    for (const { ip, port: number, protocol } of port.frontends) {
      if (ip !== null) yield ip;
      if (number === null) continue;
      if (ip !== null) yield joinAddress(ip, number);
      const asked = protocol === null ? "" : `/${protocol}`;
      yield `${ip === null ? number : joinAddress(ip, number)}${asked}`;
    }
    for (const { ip, address } of port.endpoints.slice(0, 2)) if (ip !== null && address !== null) yield* [ip, address];
    for (const chain of Object.values(port.chains)) if (chain !== null) yield chain;
    for (const rule of port.evidence.slice(0, 2)) yield `line:${map.ruleset.store.line(rule)}`;
  }
  for (const { ports } of map.hostPorts.slice(0, most)) {
    const port = /^\d+/.exec(ports)?.[0];
    if (port !== undefined && map.hostPorts.some((each) => each.destination !== "" && each.ports === ports)) yield port;
  }
  for (const { first } of map.owners) if (/^[^\s/]+$/.test(displayText(first))) yield displayText(first);
}

function expectReadable(what: string, report: ExplainReport, lines: number): void {
  const text = [...renderExplainText(report, look)].join("");
  for (const line of text.split("\n")) {
    // A word that is wider than its line stands alone on it.
    if (line.length > look.width && !/^\s*(?:-> )?\S+$/.test(line)) throw new Error(`${what}: too wide: ${line}`);
    if (/\b(?:undefined|NaN)\b|\(\)|: \.$| {2,}\.|\(line 0\)/.test(line)) throw new Error(`${what}: ${line}`);
  }
  for (const [said, number] of text.matchAll(/\blines? (\d+)/g))
    if (Number(number) < 1 || Number(number) > lines) throw new Error(`${what}: no ${said}`);
  expectSchema("explain", JSON.parse([...renderExplainJson(report)].join("")));
}

/** All connections go somewhere; where it depends on conditions, in each case. */
function expectWholeShares(what: string, { answers }: ExplainReport): void {
  for (const { shares } of answers) {
    if (shares.length === 0 || shares.some(({ share, note }) => share === null || / if |^if /.test(note ?? "")))
      continue;
    const sum = shares.reduce((total, { share }) => total + (share ?? 0), 0);
    if (Math.abs(sum - 1) > 1e-6) throw new Error(`${what}: shares are ${sum} in all: ${JSON.stringify(shares)}`);
  }
}

function expectNothing(node: NodeModel, question: string): void {
  const { answers, searched } = explain([node], question, readSubject(question));
  if (answers.length === 0) expect(searched).not.toBe("");
}
