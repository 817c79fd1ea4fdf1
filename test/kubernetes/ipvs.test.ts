import { describe, expect, test } from "vitest";
import { NameList } from "../../src/kubernetes/names/name-list.ts";
import { readNames } from "../../src/kubernetes/names/read-names.ts";
import { readServiceMap } from "../../src/kubernetes/read-service-map.ts";
import { deviationsIn } from "./helpers/deviations.ts";
import { rulesets } from "./helpers/dumps.ts";

const dump = `*nat
:PREROUTING ACCEPT [0:0]
:KUBE-LOAD-BALANCER - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-NODE-PORT - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-SERVICES - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-LOAD-BALANCER -j KUBE-MARK-MASQ
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-NODE-PORT -p tcp -m comment --comment "Kubernetes nodeport TCP port for masquerade purpose" -m set --match-set KUBE-NODE-PORT-TCP dst -j KUBE-MARK-MASQ
-A KUBE-POSTROUTING -m comment --comment "Kubernetes endpoints dst ip:port, source ip for solving hairpin purpose" -m set --match-set KUBE-LOOP-BACK dst,dst,src -j MASQUERADE
-A KUBE-SERVICES ! -s 10.244.0.0/16 -m comment --comment "Kubernetes service cluster ip + port for masquerade purpose" -m set --match-set KUBE-CLUSTER-IP dst,dst -j KUBE-MARK-MASQ
-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODE-PORT
-A KUBE-SERVICES -m set --match-set KUBE-CLUSTER-IP dst,dst -j ACCEPT
COMMIT
`;
const sets = `create KUBE-CLUSTER-IP hash:ip,port family inet hashsize 1024 maxelem 65536
add KUBE-CLUSTER-IP 10.96.0.1,tcp:443
add KUBE-CLUSTER-IP 10.96.0.10,udp:53
add KUBE-NODE-PORT-TCP 30443
add KUBE-NODE-PORT-TCP not-a-port
add KUBE-LOOP-BACK 10.244.1.5,tcp:80,10.244.1.5
add OTHER 10.96.0.99,tcp:1
`;
const list = new NameList(
  readNames(
    JSON.stringify({
      kind: "Service",
      metadata: { namespace: "default", name: "kubernetes" },
      spec: { clusterIP: "10.96.0.1", ports: [{ name: "https", port: 443, nodePort: 30443 }] },
    }),
  ),
);

describe("IPVS mode", () => {
  const [ruleset] = rulesets(dump);
  if (ruleset === undefined) throw new Error("no ruleset");

  test("is recognised, with the sets that the rules use, and claims no Service", () => {
    const map = readServiceMap(ruleset);
    expect(map.mode).toBe("ipvs");
    expect(map.ipvsSets.map(({ name, kind }) => [name, kind])).toEqual([
      ["KUBE-NODE-PORT-TCP", "nodePort"],
      ["KUBE-LOOP-BACK", null],
      ["KUBE-CLUSTER-IP", "clusterIP"],
    ]);
    expect(map.servicePorts).toEqual([]);
    expect(deviationsIn(map)).toEqual([]);
  });

  test("sets show Services without their endpoints", () => {
    const map = readServiceMap(ruleset, { ipsets: sets });
    expect(
      map.servicePorts.map((port) => [port.clusterIP, port.port, port.nodePort, port.protocol, port.hasEndpoints]),
    ).toEqual([
      ["10.96.0.1", 443, null, "tcp", null],
      ["10.96.0.10", 53, null, "udp", null],
      [null, null, 30443, "tcp", null],
    ]);
    expect(map.byNodePort(30443, "tcp")).toHaveLength(1);
  });

  test("a list of names ties them together", () => {
    const [port, ...rest] = readServiceMap(ruleset, { ipsets: sets, names: list }).servicePorts.filter(
      ({ id }) => id !== null,
    );
    expect([port?.id, port?.clusterIP, port?.nodePort, rest]).toEqual([
      "default/kubernetes:https",
      "10.96.0.1",
      30443,
      [],
    ]);
  });
});
