import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bytesOf } from "../../../grammar/bytes.ts";
import { EndpointProofs } from "../../../src/kubernetes/proofs/endpoint-proofs.ts";
import type { ServiceProofs } from "../../../src/kubernetes/proofs/service-proofs.ts";
import { proofsOf, suspectsOf } from "../../../src/kubernetes/proofs/suspects.ts";
import { readServiceMap } from "../../../src/kubernetes/read-service-map.ts";
import type { ServiceMap } from "../../../src/kubernetes/service-map-of.ts";
import { buildStore } from "../../../src/netfilter/build.ts";
import { rulesetsOf } from "../../../src/netfilter/rulesets.ts";
import { kubeProxyDump } from "../../bench/kube-proxy.mjs";

const fixture = (name: string): string => readFileSync(`fixtures/dumps/${name}`, "latin1");

const texts = {
  "a made-up node": kubeProxyDump(300),
  "a real one": fixture("1.30.5-nft/realistic-node/iptables-save.txt"),
  "a made-up node with all comments": kubeProxyDump(300, { comments: true }),
  IPv6: fixture("1.30.5-nft/dualstack/ip6tables-save.txt"),
  "a made-up node that counts": kubeProxyDump(300, { nfacct: true }),
  "a made-up node of old": kubeProxyDump(300, { layout: "xlb" }),
  "a made-up node of old with all comments": kubeProxyDump(300, { layout: "xlb", comments: true }),
  "a real one of old": fixture("1.20.2-legacy/mixed/iptables-save.txt"),
};

function read(text: string): { map: ServiceMap; proofs: ServiceProofs } {
  const [ruleset] = rulesetsOf(buildStore(bytesOf(text)));
  const map = readServiceMap(ruleset!);
  return { map, proofs: proofsOf(map, EndpointProofs.of(map.source.rules, 0))! };
}

describe.each(Object.entries(texts))("%s", (_, text) => {
  const { map, proofs } = read(text);
  const ports = map.servicePorts;
  const isProven = (place: number): boolean => proofs.isProven(ports[place]!.group);
  const places = ports.map((__, place) => place);
  const unproven = places.filter((place) => !isProven(place));

  test("has Service ports of which some are proven", () => {
    expect(places.some(isProven)).toBe(true);
    expect(proofs.unproven).toEqual(unproven);
  });

  test.each([
    [30_000, 32_767],
    [30_500, 31_000],
    [0, 65_535],
    [65_535, 65_535],
  ])("NodePorts outside of %i to %i are found", (low, high) => {
    const outside = places.filter((place) => {
      const { nodePort } = ports[place]!;
      return !isProven(place) || (nodePort !== 0 && nodePort !== null && (nodePort < low || nodePort > high));
    });
    expect(proofs.nodePortsOutside(low, high)).toEqual(outside);
  });

  test.each([
    ["0.0.0.0", 0],
    ["10.96.0.0", 12],
    ["10.96.3.0", 24],
    ["10.96.0.10", 32],
    ["192.168.0.0", 16],
    ["255.255.255.255", 32],
  ])("cluster IPs in %s/%i are found", (network, length) => {
    const bits = (ip: string): number => ip.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
    const size = 2 ** (32 - length);
    const inside = places.filter((place) => {
      const { clusterIP } = ports[place]!;
      const isOdd = !isProven(place) || clusterIP === null || clusterIP.includes(":");
      return isOdd || Math.floor(bits(clusterIP) / size) === Math.floor(bits(network) / size);
    });
    expect(proofs.clusterIPsIn(bits(network), 2 ** 32 - size)).toEqual(inside);
  });

  test.each(["", "default/kubernetes", "kube-system/", "namespace-1/service-1", "none/of-them"])(
    "names that begin with %j are found",
    (start) => {
      const found = places.filter((place) => !isProven(place) || ports[place]!.name!.startsWith(start));
      expect(proofs.namesFrom(start)).toEqual(found);
    },
  );

  test("names are counted once, and known again", () => {
    const proven = places.filter(isProven).map((place) => ports[place]!);
    const services = new Set(proven.map(({ namespace, service }) => `${namespace}/${service}`));
    const servicePorts = new Set(proven.map(({ id, protocol }) => `${id} ${protocol}`));
    expect(proofs.counts).toEqual({ services: services.size, servicePorts: servicePorts.size });
    for (const { id, protocol, namespace, service } of proven) {
      expect(proofs.isNameProven(`${namespace}/${service}`)).toBe(true);
      expect(proofs.isNameProven(id!, protocol)).toBe(true);
      expect(proofs.isNameProven(`${id}x`, protocol)).toBe(false);
      expect(proofs.isNameProven(id!, "dccp")).toBe(false);
    }
    for (const name of ["", "x".repeat(400), "none/of-them"]) expect(proofs.isNameProven(name)).toBe(false);
  });
});

test("two ports of a Service are one Service, and one name with two protocols is two Service ports", () => {
  const { proofs } = read(fixture("1.30.5-nft/realistic-node/iptables-save.txt"));
  const { services, servicePorts } = proofs.counts;
  expect(services).toBeLessThan(servicePorts);
  expect(proofs.isNameProven("kube-system/kube-dns")).toBe(true);
  expect(proofs.isNameProven("kube-system/kube-dns:dns", "udp")).toBe(true);
  expect(proofs.isNameProven("kube-system/kube-dns:dns", "tcp")).toBe(false);
});

test("where its memory has no room, nothing is proven, and every Service port is looked at", () => {
  const text = kubeProxyDump(300);
  const [ruleset] = rulesetsOf(buildStore(bytesOf(text)));
  const map = readServiceMap(ruleset!);
  const endpoints = EndpointProofs.of(map.source.rules, 0)!;
  const full = { ...endpoints.code, hasRoom: () => false };
  Object.defineProperty(endpoints, "code", { value: full });
  expect(proofsOf(map, endpoints)).toBeNull();
  expect(suspectsOf(map, null).odd).toEqual([]);
});
