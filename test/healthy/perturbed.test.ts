import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { bytesOf } from "../../grammar/bytes.ts";
import { lint } from "../../src/lint.ts";
import { withoutComments } from "../kubernetes/helpers/edit.ts";

const fixtures = new URL("../../fixtures/", import.meta.url);

/** A healthy text, by its path. */
function textsIn(folder: string): [string, string][] {
  return readdirSync(new URL(folder, fixtures), { recursive: true, encoding: "utf8" })
    .filter((path) => /-save\.txt(\.gz)?$/.test(path) && !/faults\/(?!base)/.test(path))
    .map((path) => {
      const bytes = readFileSync(new URL(`${folder}${path}`, fixtures));
      return [path, (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("latin1")];
    });
}

/** A number for each call, always the same ones. */
function dice(): () => number {
  let seed = 7;
  return () => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return seed / 2 ** 32;
  };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const left = [...items];
  return items.map(() => left.splice(Math.floor(random() * left.length), 1)[0] as T);
}

const chainOf = (line: string): string => /^(?:\[\d+:\d+\] )?-A (\S+)/.exec(line)?.[1] ?? "";

/** Tables as they stand in the text, with what stands before the first. */
function tablesOf(text: string): string[][] {
  const tables: string[][] = [[]];
  for (const line of text.split("\n")) {
    if (line.startsWith("*")) tables.push([]);
    tables.at(-1)?.push(line);
  }
  return tables;
}

const table = (text: string, wanted: (name: string) => boolean): string =>
  tablesOf(text)
    .filter(([first = ""]) => !first.startsWith("*") || wanted(first.slice(1)))
    .map((lines) => lines.join("\n"))
    .join("\n");

/** The rules of some chains in another order. */
function reordered(text: string, chains: RegExp, order: (rules: readonly string[]) => readonly string[]): string {
  const inTable = (lines: readonly string[]): string => {
    const queues = new Map<string, string[]>();
    for (const line of lines) queues.set(chainOf(line), [...(queues.get(chainOf(line)) ?? []), line]);
    for (const [chain, rules] of queues) if (chains.test(chain)) queues.set(chain, [...order(rules)]);
    return lines.map((line) => queues.get(chainOf(line))?.shift() ?? line).join("\n");
  };
  return tablesOf(text).map(inTable).join("\n");
}

/** kube-proxy goes through its Services in the order of a map: the rules of one stay together. */
function byService(rules: readonly string[]): string[] {
  const isLast = (rule: string): boolean => rule.endsWith(" -j KUBE-NODEPORTS");
  const groups = new Map<string, string[]>();
  for (const rule of rules) {
    const name = /--comment "?([\w./-]+(?::[\w-]*)?)/.exec(rule)?.[1] ?? rule;
    if (!isLast(rule)) groups.set(name, [...(groups.get(name) ?? []), rule]);
  }
  return [...shuffled([...groups.values()], dice()).flat(), ...rules.filter(isLast)];
}

const HOOK = / -j KUBE-(?:SERVICES|EXTERNAL-SERVICES|NODEPORTS|POSTROUTING|FORWARD|PROXY-FIREWALL|FIREWALL)$/;
const isHook = (rule: string): boolean => HOOK.test(rule);
const BUILT_IN = /^(?:PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING)$/;
const ALL_SERVICES = /^KUBE-(?:SERVICES|NODEPORTS|EXTERNAL-SERVICES|PROXY-FIREWALL)$/;

const variants: readonly (readonly [string, (text: string) => string])[] = [
  ["Services in another order", (text) => reordered(text, ALL_SERVICES, byService)],
  ["and without comments", (text) => withoutComments(reordered(text, ALL_SERVICES, byService))],
  [
    "kube-proxy's jumps put in again, in another order, before all others",
    (text) =>
      reordered(text, BUILT_IN, (rules) => [
        ...shuffled(rules.filter(isHook), dice()),
        ...rules.filter((rule) => !isHook(rule)),
      ]),
  ],
  ["iptables-save -t nat", (text) => table(text, (name) => name === "nat")],
  ["iptables-save -t nat without comments", (text) => withoutComments(table(text, (name) => name === "nat"))],
  ["iptables-save -t filter", (text) => table(text, (name) => name === "filter")],
  ["only the tables of one's own", (text) => table(text, (name) => name === "nat" || name === "filter")],
  ["only rules of others", (text) => table(text, (name) => name !== "nat" && name !== "filter")],
  ["without lines of remarks", (text) => text.replace(/^#.*\n/gm, "")],
  ["filter alone, without remarks", (text) => table(text, (name) => name === "filter").replace(/^#.*\n/gm, "")],
  ["line ends of Windows", (text) => text.replaceAll("\n", "\r\n")],
  ["with counters", (text) => text.replace(/^-A/gm, "[7:420] -A")],
];

describe("a healthy node stays so", { timeout: 120_000 }, () => {
  const texts = [...textsIn("healthy/"), ...textsIn("dumps/")].filter(([, text]) => text.length < 400_000);
  test.each(variants)("%s", (_, change) => {
    const alarms = texts.flatMap(([name, text]) => {
      const bytes = bytesOf(change(text));
      const [report] = lint([{ name, texts: [{ name, bytes }] }]).nodes;
      return (report?.findings ?? [])
        .filter(({ severity }) => severity !== "info")
        .map(({ checkId, location, message }) => `${name}:${location.line} ${checkId}: ${message}`);
    });
    expect(texts.length).toBeGreaterThan(40);
    expect(alarms).toEqual([]);
  });
});
