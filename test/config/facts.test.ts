import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Source } from "../../grammar/source.ts";
import { bitsOf, clientsOf, nodeOfProbes } from "../../src/checks/clients.ts";
import { allChecks } from "../../src/checks/index.ts";
import { runChecks } from "../../src/checks/run.ts";
import { factsOf } from "../../src/config/config.ts";
import { readConfig } from "../../src/config/read-config.ts";
import { readServiceMap } from "../../src/kubernetes/read-service-map.ts";
import { buildStore } from "../../src/netfilter/build.ts";
import type { Ruleset } from "../../src/netfilter/ruleset.ts";
import { rulesetsOf } from "../../src/netfilter/rulesets.ts";

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/${name}`, import.meta.url));
const base = "dumps/1.30.5-nft/faults/base/iptables-save.txt";
const six = "dumps/1.30.5-nft/dualstack/ip6tables-save.txt";
const calico = "healthy/kubeadm-calico/iptables-save.txt";

/** Findings on a node about which that is known, as one line each. */
function findings(cluster: object, ...names: string[]): string[] {
  const store = buildStore(Source.join(names.map((name) => ({ name, bytes: fixture(name) }))));
  const config = readConfig({ name: "c", text: JSON.stringify({ cluster }) });
  const maps = rulesetsOf(store).map((ruleset) => readServiceMap(ruleset));
  const run = runChecks(store, maps, allChecks, factsOf(config, "node"));
  return run.findings.map(({ finding: { severity, checkId, message } }) => `${severity} ${checkId}: ${message}`);
}

test.each([[base], [six], [calico]])("nothing known finds nothing in %s", (name) => {
  expect(findings({}, name).filter((line) => !line.startsWith("info"))).toEqual([]);
});

test("what agrees with the node finds nothing", () => {
  const known = {
    nodeIPs: ["192.0.2.10", "2001:db8::a"],
    podCIDRs: ["10.244.0.0/16", "fd00:10:244::/56"],
    serviceCIDRs: ["10.96.0.0/12", "fd00:10:96::/108"],
    nodePortRange: "30000-32767",
    kubeProxy: true,
  };
  for (const name of [base, six]) {
    expect(findings({ ...known, owners: [] }, name)).toEqual(findings({}, name));
  }
  expect(findings({ kubeProxy: true, owners: ["Calico"] }, calico)).toEqual(findings({}, calico));
});

test.each([
  [
    "a narrow range of NodePorts",
    { nodePortRange: "30081-32767" },
    base,
    /^info node-port-outside-range: NodePort 30080\/tcp of default\/web:http lies outside of 30081-32767$/,
  ],
  [
    "another network of cluster IPs",
    { serviceCIDRs: ["10.96.0.0/30", "172.20.0.0/16"] },
    base,
    /^warning cluster-ip-outside-range: \d+ of 11 Service ports have a cluster IP outside of 10\.96\.0\.0\/30 and 172\.20\.0\.0\/16: /,
  ],
  [
    "another network of pods",
    { podCIDRs: ["10.42.0.0/16"] },
    base,
    /^warning local-detector-mismatch: 10\.244\.0\.0\/16 is taken for the pods' network, and the configuration says 10\.42\.0\.0\/16$/,
  ],
  [
    "kube-proxy where none is expected",
    { kubeProxy: false },
    base,
    /^warning unexpected-owner: kube-proxy's rules for 11 Service ports are here, \S+ among them, and the configuration expects none$/,
  ],
  [
    "Calico where nobody is expected",
    { owners: [] },
    calico,
    /^warning unexpected-owner: Calico has \d+ chains here \(network policies\), and the configuration does not expect it$/,
  ],
  [
    "Cilium where Calico is",
    { owners: ["Calico", "Cilium"] },
    calico,
    /^warning missing-owner: the configuration expects Cilium, and nothing of it is in this capture$/,
  ],
])("%s is told", (_name, cluster, dump, expected) => {
  const before = new Set(findings({}, dump));
  const found = findings(cluster, dump).filter((line) => !before.has(line));
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(expected);
});

test("what concerns one IP version is not held against the other", () => {
  expect(findings({ podCIDRs: ["10.42.0.0/16"], serviceCIDRs: ["10.42.0.0/16"] }, six)).toEqual(findings({}, six));
});

test("an owner who has rules but no chain is there", () => {
  const before = findings({}, "dumps/1.30.5-nft/realistic-node/iptables-save.txt");
  const cluster = { owners: ["NodeLocal DNSCache", "Docker", "flannel", "CNI portmap"] };
  const after = findings(cluster, "dumps/1.30.5-nft/realistic-node/iptables-save.txt");
  expect(after.filter((line) => line.includes("missing-owner"))).toEqual([]);
  expect(after.length).toBeGreaterThanOrEqual(before.length);
});

describe("probes", () => {
  const mapOf = (text: string) => {
    const store = buildStore(Source.join([{ name: "a", bytes: new TextEncoder().encode(text) }]));
    return readServiceMap(rulesetsOf(store)[0] as Ruleset);
  };
  const known = (cluster: object) => factsOf(readConfig({ name: "c", text: JSON.stringify({ cluster }) }), "node");
  const four = new TextDecoder().decode(fixture(base));
  const undetected = four.replace(/ ! -s 10\.244\.0\.0\/16/g, "").replace(/ -s 10\.244\.0\.0\/16/g, "");

  test("take place on the node's own addresses", () => {
    const facts = known({ nodeIPs: ["2001:db8::7", "198.51.100.7", "198.51.100.8"] });
    const { address, facts: node } = nodeOfProbes(4, mapOf(four), facts);
    expect(address).toBe(bitsOf("198.51.100.7"));
    expect(node.addresses).toContain(bitsOf("198.51.100.8"));
    expect(node.addresses).not.toContain(bitsOf("2001:db8::7"));
  });

  test("from outside come from outside of all networks of the cluster", () => {
    const map = mapOf(four);
    const outside = (cluster: object) => clientsOf(4, map, 0n, known(cluster)).get("outside")?.source;
    const usual = outside({});
    expect(usual).toBe(bitsOf("93.184.215.14"));
    expect(outside({ serviceCIDRs: ["93.184.0.0/16"] })).not.toBe(usual);
    expect(outside({ podCIDRs: ["93.184.0.0/16"] })).not.toBe(usual);
  });

  test("of pods come from the pods' networks where the rules do not show them", () => {
    const map = mapOf(undetected);
    expect(clientsOf(4, map, 0n, known({})).get("pod")).toBeUndefined();
    const pod = clientsOf(4, map, 0n, known({ podCIDRs: ["fd00::/64", "10.42.0.0/16"] })).get("pod");
    expect((pod?.source ?? 0n) >> 16n).toBe((bitsOf("10.42.0.0") ?? 0n) >> 16n);
  });
});
