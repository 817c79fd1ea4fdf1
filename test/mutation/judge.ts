import { bytesOf } from "../../grammar/bytes.ts";
import { invariant } from "../../grammar/invariant.ts";
import { lint } from "../../src/lint.ts";
import { buildStore } from "../../src/netfilter/build.ts";
import type { Ruleset } from "../../src/netfilter/ruleset.ts";
import { rulesetsOf } from "../../src/netfilter/rulesets.ts";
import type { Mutant } from "./mutants.ts";
import { chainsOn, outcomeOf, type Probe, type Site } from "./probes.ts";

export type Severity = "error" | "warning" | "info" | "none";

export interface Verdict {
  readonly mutant: Mutant;
  /** Name of a probe that ends elsewhere than before; `null` where none does. */
  readonly differs: string | null;
  /** The worst that lint says. */
  readonly said: Severity;
  /** Check ids of its findings of that severity. */
  readonly checks: readonly string[];
}

/** Judges mutants of one clean dump. */
export class Judge {
  readonly #site: Site;
  readonly #before: readonly string[];
  readonly #onChain = new Map<string, number[]>();

  constructor(text: string, site: Site) {
    this.#site = site;
    const ruleset = rulesetOf(text);
    this.#before = site.probes.map((probe) => outcomeOf(ruleset, probe, site.node));
    site.probes.forEach((probe, index) => {
      for (const chain of chainsOn(ruleset, probe, site.node)) {
        const known = this.#onChain.get(chain);
        if (known === undefined) this.#onChain.set(chain, [index]);
        else known.push(index);
      }
    });
    const clean = worst(text);
    invariant(
      clean.said === "none" || clean.said === "info",
      `the dump itself has findings: ${clean.checks.join(" ")}`,
    );
  }

  judge(mutant: Mutant): Verdict {
    const text = mutant.text();
    return { mutant, differs: this.#difference(text, mutant), ...worst(text) };
  }

  /** A rule changes nothing for packets that never come to its chain. */
  #difference(text: string, { table, chain, otherChain, torn }: Mutant): string | null {
    if (torn === true) return "the text";
    const { probes, node } = this.#site;
    const ruleset = rulesetOf(text);
    const chains = otherChain === undefined ? [chain] : [chain, otherChain];
    const met = chain.startsWith("KUBE-")
      ? new Set(chains.flatMap((each) => this.#onChain.get(`${table} ${each}`) ?? []))
      : probes.keys();
    for (const index of met) {
      const probe = probes[index] as Probe;
      if (outcomeOf(ruleset, probe, node) !== this.#before[index]) return probe.name;
    }
    return null;
  }
}

function rulesetOf(text: string): Ruleset {
  const [ruleset] = rulesetsOf(buildStore(bytesOf(text)));
  invariant(ruleset !== undefined, "a dump without a table");
  return ruleset;
}

function worst(text: string): { said: Severity; checks: string[] } {
  const [report] = lint([{ name: "node", texts: [{ name: "dump.txt", bytes: bytesOf(text) }] }]).nodes;
  const findings = report?.findings ?? [];
  const said = (["error", "warning", "info"] as const).find((level) =>
    findings.some(({ severity }) => severity === level),
  );
  const checks = findings.filter(({ severity }) => severity === said).map(({ checkId }) => checkId);
  return { said: said ?? "none", checks: [...new Set(checks)] };
}
