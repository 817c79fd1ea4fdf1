import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { describeShared, sharedPath } from "../helpers/shared.ts";
import { findingsIn } from "./helpers/findings.ts";

/** A dump after one real edit: lines with their tables that it has no more, and new ones, each with the line before it. */
interface Fault {
  readonly name: string;
  readonly gone: readonly string[];
  readonly added: readonly (readonly [after: string, line: string])[];
  readonly said: readonly string[];
}

/** Edits of how one Service's connections are dealt: together they have one effect, and what is said of it follows from the trace. */
const DEALING = /^(?:sep-|svc-emptied|wrong-probability|orphan-svc)/;
/** Moves a rule: no line is new. */
const MOVED = "nodeports-not-last";
/** What drops a packet in mangle keeps it from everything behind. */
const BEFORE = /^(?:dnat-before-kube|notrack-in-raw|accept-before-kube|drop-in-nat)$/;

const isOneMatter = (a: string, b: string): boolean =>
  (a.startsWith("nodeport-claimed-twice") && b.startsWith("nodeport-claimed-twice")) ||
  (DEALING.test(a) && DEALING.test(b)) ||
  (a === "drop-in-mangle" && BEFORE.test(b)) ||
  (b === "drop-in-mangle" && BEFORE.test(a));

describeShared("two faults at once: neither hides the other", () => {
  const folder = sharedPath("dumps/1.30.5-nft/faults");
  /** `TABLE LINE`, so that equal lines of two tables differ. */
  const linesOf = (name: string): string[] => {
    let table = "";
    return readFileSync(`${folder}/${name}/iptables-save.txt`, "latin1")
      .split("\n")
      .filter((line) => !line.startsWith("# ") && line !== "")
      .map((line) => {
        if (line.startsWith("*")) table = line.slice(1);
        return `${table} ${line.replace(/ \[\d+:\d+\]$/, " [0:0]")}`;
      });
  };

  const faultsOf = (base: readonly string[]): Fault[] =>
    readdirSync(folder)
      .filter((name) => existsSync(`${folder}/${name}/truth.json`))
      .map((name) => {
        const lines = linesOf(name);
        const added = missingFrom(base, lines).map((at) => [lines[at - 1] ?? "", lines[at] ?? ""] as const);
        return { name, gone: missingFrom(lines, base).map((at) => base[at] ?? ""), added, said: saidOf(lines) };
      })
      .filter(({ name, said, gone, added }) => name !== MOVED && said.length > 0 && gone.length + added.length > 0);

  test("every third pair", { timeout: 300_000 }, () => {
    const base = linesOf("base");
    const all = faultsOf(base);
    expect(all.length).toBeGreaterThan(25);
    const hidden: string[] = [];
    let pairs = 0;
    for (const [i, a] of all.entries())
      for (const b of all.slice(i + 1)) {
        if (isOneMatter(a.name, b.name) || pairs++ % 3 !== 0) continue;
        const once = edited(base, a);
        const twice = once === null ? null : edited(once, b);
        const said = twice === null ? null : saidOf(twice);
        if (said === null) continue;
        for (const { name, said: alone } of [a, b])
          for (const each of alone) if (!said.includes(each)) hidden.push(`${a.name} + ${b.name}: of ${name} ${each}`);
      }
    expect(pairs).toBeGreaterThan(250);
    expect(hidden).toEqual([]);
  });
});

/** Places of lines of `lines` that `other` has fewer of. */
function missingFrom(other: readonly string[], lines: readonly string[]): number[] {
  const left = new Map<string, number>();
  for (const line of other) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.flatMap((line, at) => {
    left.set(line, (left.get(line) ?? 0) - 1);
    return (left.get(line) as number) < 0 ? [at] : [];
  });
}

/** The lines after an edit that was made to others; `null` where it has no place any more. */
function edited(lines: readonly string[], { gone, added }: Fault): string[] | null {
  const all = [...lines];
  for (const [after, line] of added) {
    // a table that both needed
    if (!line.includes(" -A ") && all.includes(line)) continue;
    const at = all.lastIndexOf(after);
    if (at < 0) return null;
    all.splice(at + 1, 0, line);
  }
  for (const line of gone) {
    const at = all.indexOf(line);
    if (at < 0) return null;
    all.splice(at, 1);
  }
  return all;
}

/** Check and Service of every finding above info. */
const saidOf = (lines: readonly string[]): string[] =>
  findingsIn(`${lines.map((line) => line.slice(line.indexOf(" ") + 1)).join("\n")}\n`)
    .filter(({ severity }) => severity !== "info")
    .map(({ checkId, servicePort, chain }) => `${checkId} ${servicePort ?? chain}`);
