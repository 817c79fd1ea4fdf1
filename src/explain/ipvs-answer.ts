import type { RuleNode } from "../../grammar/ast.ts";
import { displayText } from "../../grammar/bytes.ts";
import type { Frontend } from "../kubernetes/service-map.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import type { RuleId, Ruleset } from "../netfilter/ruleset.ts";
import type { NodeModel } from "../read-node.ts";
import type { Explanation } from "../report/explanation.ts";
import type { WaySection } from "../report/way.ts";
import { listedPort } from "../services.ts";
import { ruleRow } from "./chain-answer.ts";

/** In IPVS mode rules mark and let in what a set lists; where it goes, the kernel's IPVS table alone knows. */
export function ipvsAnswer(
  node: NodeModel,
  map: ServiceMap,
  port: ServicePort,
  frontends: readonly Frontend[],
  headline: string,
  remarks: readonly string[],
): Explanation {
  const { ruleset } = map;
  const sets = new Set(frontends.flatMap(({ rule }) => setsOf(ruleset.rule(rule))));
  const shown = [...sets].map(displayText).join(", ");
  const note = "the endpoint that IPVS chooses in the kernel (ipvsadm -Sn shows them)";
  return {
    node: node.name,
    headline,
    servicePort: listedPort(node.name, map, port),
    shares: [{ share: null, ideal: null, address: null, note }],
    choice: null,
    wayOf: sets.size === 0 ? null : `The rules that look into ${shown}`,
    way: sections(ruleset, sets),
    sources: [],
    remarks: [
      "kube-proxy runs in IPVS mode: rules mark what is to get another source (SNAT) and let it in, they send nothing anywhere.",
      ...remarks.map(displayText),
    ],
    notShown: [],
  };
}

function sections(ruleset: Ruleset, sets: ReadonlySet<string>): WaySection[] {
  const found: WaySection[] = [];
  for (const table of ruleset.tables)
    for (const chain of table.chains) {
      const rules = [...ruleset.rulesOf(chain)].filter((rule) => asks(ruleset, rule, sets));
      if (rules.length === 0) continue;
      const title = `${table.name} ${displayText(ruleset.chainName(chain))}`;
      found.push({ title, rows: rules.map((rule) => ruleRow(ruleset, rule)), omitted: 0 });
    }
  return found;
}

function asks(ruleset: Ruleset, rule: RuleId, sets: ReadonlySet<string>): boolean {
  if (!ruleset.shape(rule).matches.some(({ name }) => name === "set")) return false;
  return setsOf(ruleset.rule(rule)).some((set) => sets.has(set));
}

function setsOf({ matches }: RuleNode): string[] {
  return matches
    .filter(({ name }) => name === "set")
    .flatMap(({ options }) => options.flatMap(({ values }) => values[0]?.text ?? []));
}
