import { describe, expect, test } from "vitest";
import type { ServicePort } from "../../src/kubernetes/service-port.ts";
import { deviationsIn } from "./helpers/deviations.ts";
import { type Dump, dumpsIn, fileOf, fixtures, mapOf, sharedDumps } from "./helpers/dumps.ts";
import { withoutComments } from "./helpers/edit.ts";

/** Law 5: without comments names are gone, and what names alone tie together; nothing else changes. */

const isOwn = ({ name }: Dump): boolean =>
  (!name.includes("faults/") || name.includes("faults/base")) && !name.includes("huge-") && !name.includes("istio-pod");
const dumps = [...dumpsIn(fixtures), ...dumpsIn(sharedDumps)].filter(isOwn);

describe("deleting comments", () => {
  for (const dump of dumps)
    for (const file of ["iptables-save.txt", "ip6tables-save.txt"]) {
      const bytes = fileOf(dump, file);
      if (bytes === null) continue;
      test(`${dump.name} ${file}`, () => {
        const text = new TextDecoder("latin1").decode(bytes);
        const named = mapOf(text);
        const bare = mapOf(withoutComments(text));
        expect(mappings(bare.servicePorts)).toEqual(mappings(named.servicePorts));
        const { endpointComments, trailingColon, ...parameters } = named.parameters;
        void [endpointComments, trailingColon];
        expect(bare.parameters).toMatchObject({ ...parameters, layout: expect.anything() });
        expect(deviationsIn(bare)).toEqual([]);
        // A Service without endpoints is tied together by its name alone.
        expect(frontends(bare.servicePorts)).toEqual(frontends(named.servicePorts));
        for (const port of bare.servicePorts) expect(port.id).toBeNull();
      });
    }
});

/** Everything about Service ports with chains that needs no name: by chain, since names are gone. */
function mappings(ports: readonly ServicePort[]): unknown[] {
  return ports
    .filter((port) => port.chainHash !== null)
    .map((port) => {
      const facts = port.facts();
      const { id, namespace, service, portName, externalIPs, loadBalancerIPs, healthCheckNodePort, ...kept } = facts;
      void [id, namespace, service, portName, externalIPs, loadBalancerIPs, healthCheckNodePort];
      // What only the comments of table filter tie to the chains: a cluster IP refused for want of local endpoints.
      const refused = port.clusterFrontend?.chain === null;
      return refused ? { ...kept, clusterIP: null, port: null, internalTrafficPolicy: null } : kept;
    })
    .sort((a, b) => (JSON.stringify(a.chains) < JSON.stringify(b.chains) ? -1 : 1));
}

/** Every way in with its fate; kinds that only comments tell apart count as one. */
function frontends(ports: readonly ServicePort[]): string[] {
  return ports
    .flatMap((port) =>
      port.frontends
        .filter(({ kind }) => kind !== "healthCheckNodePort")
        .map(({ kind, ip, port: number, protocol, fate }) => {
          const outside = kind === "externalIP" || kind === "loadBalancerIP" || kind === "external";
          return `${outside ? "outside" : kind} ${ip} ${number} ${protocol} ${fate}`;
        }),
    )
    .sort();
}
