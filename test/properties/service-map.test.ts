import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { joinAddress, splitAddress } from "../../src/kubernetes/address-text.ts";
import { balanceOf, threshold } from "../../src/kubernetes/balance.ts";
import type { ServicePortFacts } from "../../src/kubernetes/service-map.ts";
import type { WritableNode, WritableServicePort } from "../../src/kubernetes/write-rules.ts";
import { run } from "../helpers/fake-io.ts";
import { mapOf } from "../kubernetes/helpers/dumps.ts";
import { address, maps, port, servicePorts, textOf } from "../kubernetes/helpers/made-up.ts";

/** Law 4: what the writer writes for any Services, the reader reads back. */

/** IPTLINT_RUNS=100000 runs long; IPTLINT_SEED repeats a run. */
const runs = (usual: number): fc.Parameters<unknown> => {
  const { IPTLINT_RUNS: wanted, IPTLINT_SEED: seed } = process.env;
  return { numRuns: Number(wanted ?? usual), ...(seed !== undefined && { seed: Number(seed) }) };
};

type Comparable = Omit<ServicePortFacts, "endpoints" | "clusterEndpoints" | "localEndpoints"> & {
  cluster: unknown;
  local: unknown;
};

describe("what is written is read back", () => {
  test("facts(read(write(map))) == map in every layout", () => {
    fc.assert(
      fc.property(maps, ([node, chosen]) => {
        const ports = servicePorts(chosen, node);
        const map = mapOf(textOf(ports, node));
        const read = map.servicePorts.map((one): Comparable => {
          const { endpoints, clusterEndpoints, localEndpoints, ...facts } = one.facts();
          void endpoints;
          return { ...facts, cluster: clusterEndpoints, local: localEndpoints };
        });
        const expected = ports.map((one): Comparable => {
          const { cluster, local, endpointComments, nodeInRange, refusedIPs, name, ...facts } = one;
          void [endpointComments, nodeInRange, refusedIPs, name];
          return {
            ...facts,
            ...notShown(one, node, ports),
            cluster: cluster.map(({ address: at }) => at),
            local: local.map(({ address: at }) => at),
          };
        });
        const byId = (a: Comparable, b: Comparable): number =>
          `${a.id} ${a.protocol}` < `${b.id} ${b.protocol}` ? -1 : 1;
        expect(read.sort(byId)).toEqual(expected.sort(byId));
      }),
      runs(200),
    );
  });

  test("iptlint services --format json lists the same", async () => {
    await fc.assert(
      fc.asyncProperty(maps, async ([node, chosen]) => {
        const ports = servicePorts(chosen, node);
        const { stdout } = await run(["services", "dump", "--format", "json"], {
          files: { dump: textOf(ports, node) },
        });
        const listed = (JSON.parse(stdout) as { servicePorts: ServicePortFacts[] }).servicePorts;
        const brief = (id: string | null, protocol: string | null, own: Partial<ServicePortFacts>) =>
          [id, protocol, own.clusterIP, own.port, own.nodePort, own.externalIPs, own.loadBalancerIPs].join();
        expect(listed.map((one) => brief(one.id, one.protocol, one)).sort()).toEqual(
          ports.map((one) => brief(one.id, one.protocol, one)).sort(),
        );
        const local = new Map(
          ports.map((one) => [`${one.id} ${one.protocol}`, one.local.map(({ address }) => address)]),
        );
        for (const { id, protocol, localEndpoints } of listed)
          expect(localEndpoints).toEqual(local.get(`${id} ${protocol}`));
      }),
      runs(30),
    );
  });

  test("settings are read back where a rule shows them", () => {
    fc.assert(
      fc.property(maps, ([node, chosen]) => {
        const ports = servicePorts(chosen, node);
        const { parameters } = mapOf(textOf(ports, node));
        expect(parameters.masqueradeBit).toBe(node.masqueradeBit);
        expect(parameters.randomFully).toBe(node.randomFully);
        expect(parameters.dropInvalid).toBe(node.dropInvalid);
        expect(parameters.nodePortAddresses).toEqual(node.nodePortAddresses);
        expect(parameters.localhostNodePorts).toBe(node.localhostNodePorts);
        const marks = ports.some((one) => (one.internalTrafficPolicy === "Local" ? one.local : one.cluster).length > 0);
        if (marks && !node.masqueradeAll) expect(parameters.localDetector).toEqual(node.localDetector);
      }),
      runs(100),
    );
  });

  test("addresses and probabilities survive", () => {
    fc.assert(
      fc.property(fc.oneof(address(4), address(6)), port, (ip, number) => {
        expect(splitAddress(joinAddress(ip, number))).toEqual({ ip, port: number });
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 9 }), (parts) => {
        const all = parts.map((part) => threshold(part.toFixed(11)));
        expect(["even", "even-five-digits", "uneven"]).toContain(balanceOf(all));
      }),
    );
  });
});

/** Facts that the rules of an era do not show, though the writer knows them. */
function notShown(
  one: WritableServicePort,
  node: WritableNode,
  all: readonly WritableServicePort[],
): Partial<Comparable> {
  const hidden: { -readonly [key in keyof Comparable]?: Comparable[key] } = {};
  // Without anything that comes in from outside, 1.24 writes what 1.22 writes, which knows the policy without showing it.
  const looksOld = node.era === "1.24" && all.every(({ chains }) => chains.ext === null && chains.svl === null);
  const usesArrows = node.endpointComments[0] === "arrow" && all.some(({ cluster }) => cluster.length > 0);
  const isDropped = node.era === "1.25" && one.internalTrafficPolicy === "Local" && one.local.length === 0;
  if ((node.era === "1.22" || (looksOld && !usesArrows)) && !isDropped) hidden.internalTrafficPolicy = null;
  // Before 1.21 there is no rule for a health check port, and Services with policy Local may have one.
  const hasOne = one.externalTrafficPolicy === "Local" || one.externalTrafficPolicy === null;
  if (node.era === "1.20" && hasOne) hidden.healthCheckNodePort = null;
  return hidden;
}
