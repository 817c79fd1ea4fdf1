import { describe, expect, test } from "vitest";
import { readServiceMap } from "../../src/kubernetes/read-service-map.ts";
import type { ServiceMap } from "../../src/kubernetes/service-map-of.ts";
import { writableServicePort } from "../../src/kubernetes/writable-service-port.ts";
import { type WritableNode, writeNode, writeServicePort } from "../../src/kubernetes/write-rules.ts";
import { type Dump, dumpsIn, fileOf, fixtures, rulesets, sharedDumps } from "./helpers/dumps.ts";
import { typedRules } from "./helpers/typed-rules.ts";

const isUnmodified = ({ name }: Dump): boolean =>
  (!name.includes("faults/") || name.includes("faults/base")) && !name.includes("huge-") && !name.includes("istio-pod");

const dumps = [...dumpsIn(fixtures), ...dumpsIn(sharedDumps)].filter(isUnmodified);

/** kube-proxy shuffles the Services in these at every sync. */
const shuffled = /KUBE-(SERVICES|NODEPORTS|EXTERNAL-SERVICES|PROXY-FIREWALL)$/;

describe("the writer writes what kube-proxy wrote", () => {
  for (const dump of dumps)
    for (const file of ["iptables-save.txt", "ip6tables-save.txt"]) {
      const text = fileOf(dump, file);
      if (text === null) continue;
      test(`${dump.name} ${file}`, () => {
        const [ruleset] = rulesets(text);
        if (ruleset === undefined) throw new Error("no ruleset");
        const map = readServiceMap(ruleset);
        const [written] = rulesets(writtenText(map));
        if (written === undefined) throw new Error("nothing written");
        const actual = ownRules(typedRules(ruleset), map);
        const expected = ownRules(typedRules(written), map);
        expect([...expected.keys()].sort()).toEqual([...actual.keys()].sort());
        for (const [chain, rules] of actual) expect([chain, expected.get(chain)]).toEqual([chain, rules]);
      });
    }
});

function writtenText(map: ServiceMap): string {
  const node: WritableNode = {
    ...map.parameters,
    family: map.ruleset.family ?? 4,
    firewallHook: map.ruleset.chain("filter", "KUBE-FIREWALL") >= 0,
  };
  const rules = [
    ...map.servicePorts.flatMap((port) => writeServicePort(writableServicePort(port), node)),
    // Of what no rule leads to, only its own chains are left.
    ...map.detachedServicePorts
      .flatMap((port) => writeServicePort(writableServicePort(port), node))
      .filter(({ slot }) => !slot.role.includes(" ")),
    ...writeNode(node),
  ];
  const lines: string[] = [];
  for (const table of ["filter", "nat"]) {
    const own = rules.filter((rule) => rule.table === table);
    lines.push(`*${table}`, ...[...new Set(own.map(({ chain }) => chain))].map((chain) => `:${chain} - [0:0]`));
    lines.push(...own.map(({ text }) => text), "COMMIT", "");
  }
  return lines.join("\n");
}

/** Rules in kube-proxy's chains, and its jumps out of the chains of others; those of the kubelet and of others left out. */
function ownRules(chains: Map<string, string[]>, map: ServiceMap): Map<string, string[]> {
  const stale = new Set(map.detachedEndpointChains.map((chain) => `nat ${map.ruleset.chainName(chain)}`));
  // Before 1.27 that chain and the jumps to it are the kubelet's alone.
  const isOld = map.parameters.era === "1.20";
  const own = new Map<string, string[]>();
  for (const [chain, rules] of chains) {
    const name = chain.slice(chain.indexOf(" ") + 1);
    const isKubelets = /KUBE-(MARK-DROP|KUBELET-CANARY)$/.test(chain) || (chain === "filter KUBE-FIREWALL" && isOld);
    if (isKubelets || stale.has(chain)) continue;
    const ours = name.startsWith("KUBE-")
      ? rules.filter((rule) => !rule.includes("dropping marked packets"))
      : rules.filter((rule) => / -> KUBE-/.test(rule) && !(isOld && rule.endsWith("-> KUBE-FIREWALL"))).sort();
    if (ours.length > 0) own.set(chain, shuffled.test(chain) ? [...ours].sort() : ours);
  }
  return own;
}
