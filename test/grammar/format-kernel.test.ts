import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { bytesOf } from "../../grammar/bytes.ts";
import { format } from "../../grammar/format.ts";
import { parse } from "../../grammar/parse.ts";
import type { Backend, Family } from "../../grammar/vocabulary/record.ts";
import { Random } from "../kernel/random.ts";
import { type GeneratedRule, RuleMaker } from "./generate-rule.ts";

const RULES = 1300;
/** Rules that go into a table at once. */
const BATCH = 100;
/** What iptables 1.8.9 prints is what is asked for: other releases print otherwise. */
const RELEASE = "v1.8.9";

/** Why nothing can be asked of the real tools here; `null` when it can. */
function whyNot(): string | null {
  if (process.getuid?.() !== 0) return "only root can make network namespaces";
  for (const tool of ["iptables-nft-save", "ip6tables-nft-save", "iptables-legacy-save", "ip6tables-legacy-save"]) {
    const { error, stdout } = spawnSync(tool, ["-V"], { encoding: "utf8" });
    if (error !== undefined) return `${tool} is not installed`;
    if (!stdout.includes(RELEASE)) return `${tool} is not ${RELEASE}`;
  }
  return spawnSync("unshare", ["-n", "true"]).status === 0 ? null : "network namespaces cannot be made";
}

/** What iptables-save prints of the rules after they were loaded into a network namespace of their own; `null` where one is refused. */
function saved(rules: readonly GeneratedRule[], family: Family, backend: Backend): string[] | null {
  const tool = `${family === 6 ? "ip6tables" : "iptables"}-${backend}`;
  const table = rules[0]?.table ?? "filter";
  const text = `*${table}\n${rules.map(({ line }) => `${line}\n`).join("")}COMMIT\n`;
  const script = `${tool}-restore && ${tool}-save -t ${table}`;
  const { status, stdout } = spawnSync("unshare", ["-n", "sh", "-c", script], {
    input: bytesOf(text),
    maxBuffer: 1 << 26,
  });
  if (status !== 0) return null;
  return stdout
    .toString("latin1")
    .split("\n")
    .filter((line) => line.startsWith("-A"));
}

/** The rules that are taken, and what is printed of each; a batch that is refused is halved until the culprit is alone. */
function take(
  rules: readonly GeneratedRule[],
  family: Family,
  backend: Backend,
): { rule: GeneratedRule; printed: string }[] {
  const printed = saved(rules, family, backend);
  // lines of several chains come back chain by chain, each chain in order
  if (printed?.length === rules.length) {
    const chainOf = (line: string): string => line.split(" ")[1] ?? "";
    return rules.map((rule) => {
      const at = printed.findIndex((line) => chainOf(line) === chainOf(rule.line));
      return { rule, printed: printed.splice(at, 1)[0] ?? "" };
    });
  }
  if (rules.length === 1) return [];
  const middle = rules.length >> 1;
  return [...take(rules.slice(0, middle), family, backend), ...take(rules.slice(middle), family, backend)];
}

const reason = whyNot();
if (reason !== null && process.env["REQUIRE_ALL"] === "1") throw new Error(reason);

describe.skipIf(reason !== null)(`what the real iptables-save prints${reason === null ? "" : ` (${reason})`}`, () => {
  test.each([
    [4, "legacy"],
    [4, "nft"],
    [6, "legacy"],
    [6, "nft"],
  ] as const)(
    "is what format prints: IPv%i, %s",
    (family, backend) => {
      const maker = new RuleMaker(new Random(20261123 + family), family, backend);
      const byTable = new Map<string, GeneratedRule[]>();
      for (let n = 0; n < RULES; n++) {
        const rule = maker.rule();
        byTable.set(rule.table, [...(byTable.get(rule.table) ?? []), rule]);
      }
      let taken = 0;
      const wrong: string[] = [];
      for (const rules of byTable.values()) {
        for (let from = 0; from < rules.length; from += BATCH) {
          for (const { rule, printed } of take(rules.slice(from, from + BATCH), family, backend)) {
            taken++;
            const node = parse(bytesOf(`${rule.line}\n`), { values: false }).node(0);
            const ours = node.kind === "rule" ? format(node, { family, backend, version: "1.8.9" }) : node.kind;
            if (ours !== printed) wrong.push(`${rule.line}\n  real ${printed}\n  ours ${ours}`);
          }
        }
      }
      expect(wrong.slice(0, 5)).toEqual([]);
      // what the vocabulary has nothing against, the kernel takes
      expect(taken).toBeGreaterThan(0.99 * RULES);
    },
    300_000,
  );
});
