import { describe, expect, test } from "vitest";
import { NameList } from "../../src/kubernetes/names/name-list.ts";
import { NamesError, readNames } from "../../src/kubernetes/names/read-names.ts";
import { readYaml } from "../../src/kubernetes/names/yaml.ts";
import { readServiceMap } from "../../src/kubernetes/read-service-map.ts";
import { dumpsIn, fileOf, fixtures, rulesets, truthOf } from "./helpers/dumps.ts";
import { withoutComments } from "./helpers/edit.ts";
import type { Truth } from "./helpers/truth.ts";

const web = {
  namespace: "default",
  name: "web",
  ports: [
    { name: "http", port: 80, protocol: "tcp", nodePort: 30080 },
    { name: "dns", port: 53, protocol: "udp", nodePort: 0 },
  ],
  clusterIPs: ["10.96.0.10"],
  externalIPs: [],
};

describe("lists of Services", () => {
  test("json of one Service, and of a list", () => {
    const service = {
      kind: "Service",
      metadata: { name: "web", namespace: "default", annotations: { __proto__: null, note: "x" } },
      spec: {
        clusterIP: "10.96.0.10",
        ports: [
          { name: "http", port: 80, protocol: "TCP", nodePort: 30080, targetPort: 8080 },
          { name: "dns", port: 53, protocol: "UDP" },
        ],
      },
    };
    expect(readNames(JSON.stringify(service))).toEqual([web]);
    const pod = { kind: "Pod", metadata: { name: "p" } };
    expect(readNames(JSON.stringify({ kind: "List", items: [pod, service] }))).toEqual([web]);
  });

  test("yaml as kubectl prints it", () => {
    const text = `apiVersion: v1
items:
- apiVersion: v1
  kind: Service
  metadata:
    annotations:
      kubectl.kubernetes.io/last-applied-configuration: |
        {"apiVersion":"v1","kind":"Service","metadata":{"name":"other"}}
      note: 'it''s: odd'
    creationTimestamp: "2024-01-01T00:00:00Z"
    labels: {}
    name: web
    namespace: default
  spec:
    clusterIP: 10.96.0.10
    clusterIPs:
    - 10.96.0.10
    ports:
    - name: http
      nodePort: 30080
      port: 80
      protocol: TCP
      targetPort: 8080
    - name: dns
      port: 53
      protocol: UDP
    selector:
      app: web
    type: NodePort
  status:
    loadBalancer: {}
kind: List
`;
    expect(readNames(text)).toEqual([{ ...web, clusterIPs: ["10.96.0.10"] }]);
  });

  test("kubectl's table", () => {
    const text = `NAMESPACE   NAME   TYPE       CLUSTER-IP   EXTERNAL-IP   PORT(S)                   AGE
default     web    NodePort   10.96.0.10   <none>        80:30080/TCP,53/UDP       5d
default     db     ClusterIP  None         <none>        5432/TCP                  5d
`;
    expect(readNames(text)).toEqual([
      { ...web, ports: web.ports.map((port) => ({ ...port, name: null })) },
      {
        namespace: "default",
        name: "db",
        ports: [{ name: null, port: 5432, protocol: "tcp", nodePort: 0 }],
        clusterIPs: [],
        externalIPs: [],
      },
    ]);
  });

  test("kubectl's table without its first line", () => {
    const row = "web    NodePort   10.96.0.10   <none>        80:30080/TCP,53/UDP       5d   app=web,tier=x";
    const [wanted] = readNames(
      `NAMESPACE   NAME   TYPE   CLUSTER-IP   EXTERNAL-IP   PORT(S)   AGE\ndefault     ${row}\n`,
    );
    expect(readNames(`default     ${row}\n`)).toEqual([wanted]);
    expect(readNames(`${row}\n`)).toEqual([{ ...wanted, namespace: null }]);
  });

  test("names alone", () => {
    expect(readNames("service/web\nservice/kubernetes\n").map(({ namespace, name }) => [namespace, name])).toEqual([
      [null, "web"],
      [null, "kubernetes"],
    ]);
  });

  test.each(["", "{", "hello world\n", "[1,2]", '{"kind":"Pod","metadata":{"name":"p"}}', "a: &b [1\n- -\n  - : x"])(
    "%j is no list of Services",
    (text) => expect(() => readNames(text)).toThrow(NamesError),
  );

  test("yaml keys are data", () => {
    const [tree] = readYaml("__proto__:\n  name: x\nconstructor: y\n");
    expect(tree).toEqual(
      new Map<string, unknown>([
        ["__proto__", new Map([["name", "x"]])],
        ["constructor", "y"],
      ]),
    );
  });

  test("deep yaml does not overflow", () => {
    const deep = Array.from({ length: 20_000 }, (_, i) => `${" ".repeat(i % 200)}k${i}:`).join("\n");
    expect(() => readYaml(deep)).not.toThrow();
    expect(() => readYaml("- ".repeat(50_000))).not.toThrow();
  });
});

describe("names come back to dumps without comments", () => {
  for (const dump of dumpsIn(fixtures).filter(({ name }) => !name.includes("faults/")))
    test(dump.name, () => {
      const text = withoutComments(new TextDecoder("latin1").decode(fileOf(dump, "iptables-save.txt") as Uint8Array));
      const truth = truthOf(dump);
      const ids = truth.servicePorts
        .filter(({ family }) => family === 4)
        .map(({ id, protocol }) => `${id} ${protocol}`);
      const names = new NameList(readNames(listOf(truth)));
      const [ruleset] = rulesets(text);
      if (ruleset === undefined) throw new Error("no ruleset");
      const named = readServiceMap(ruleset, { names }).servicePorts;
      expect(named.map(({ id, protocol }) => `${id} ${protocol}`).sort()).toEqual(ids.sort());
      expect(readServiceMap(ruleset).servicePorts.every(({ id }) => id === null)).toBe(true);
    });
});

function listOf({ servicePorts }: Truth): string {
  return JSON.stringify({
    kind: "List",
    items: servicePorts.map(({ namespace, service, portName, port, protocol, nodePort, ...of }) => ({
      kind: "Service",
      metadata: { namespace, name: service },
      spec: {
        clusterIP: of.clusterIP,
        externalIPs: of.externalIPs,
        ports: [{ name: portName, port, protocol: protocol.toUpperCase(), nodePort }],
      },
      status: { loadBalancer: { ingress: of.loadBalancerIPs.map((ip) => ({ ip })) } },
    })),
  });
}
