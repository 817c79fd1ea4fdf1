import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Finding } from "../../src/checks/finding.ts";
import { describeShared, sharedPath } from "../helpers/shared.ts";
import { findingsIn, seriousIn } from "./helpers/findings.ts";

/** A fault, the check that finds it, its message, and its effect: in "" what the real kernel did differently (oracle.json). */
type Row = readonly [fault: string, checkId: string, message: RegExp, effect: RegExp];

const web = "default/web:http";
const svc = "KUBE-SVC-CDGGSHYLG3RE2FKL";
const sep = "KUBE-SEP-5QELHRCC7S7TONMB";

const rows: readonly Row[] = [
  [
    "accept-before-kube",
    "diverting-rule",
    /nat PREROUTING takes connections from a client in 192\.168\.50\.0\/24/,
    /leave the node without a new destination|handed to the node itself/,
  ],
  [
    "affinity-rcheck-missing",
    "incomplete-affinity",
    /session affinity of default\/sticky does not work for 1 of 2/,
    /another one with each new connection/,
  ],
  [
    "clusterip-masq-missing",
    "missing-masquerade-mark",
    /cluster IP 10\.96\.10\.4:8443\/tcp of default\/api:https is forwarded without a mark/,
    /without a source rewrite/,
  ],
  [
    "dnat-before-kube",
    "diverting-rule",
    new RegExp(`NodePort 30080/tcp of ${web}`),
    /100 % .* go to 192\.168\.50\.99:8080, which is no endpoint/,
  ],
  [
    "drop-in-forward",
    "blocking-rule",
    new RegExp(`filter FORWARD keeps .* ${web}`),
    /100 % .* are dropped by this rule/,
  ],
  [
    "drop-in-mangle",
    "blocking-rule",
    new RegExp(`mangle PREROUTING keeps .* NodePort 30080/tcp of ${web}`),
    /100 % .* are dropped by this rule/,
  ],
  [
    "ext-local-masq",
    "unwanted-masquerade-mark",
    /default\/web-local:http .* though its externalTrafficPolicy is Local/,
    /it does not see who asks/,
  ],
  ["fw-open", "open-source-ranges", /prod\/lb:https lets in clients outside of its source ranges/, /are let in/],
  [
    "mark-mismatch",
    "mark-mismatch",
    /KUBE-MARK-MASQ sets mark 0x8000, KUBE-POSTROUTING asks for mark 0x4000/,
    /without a source rewrite/,
  ],
  [
    "markdrop-empty",
    "markless-mark-chain",
    /KUBE-MARK-DROP sets no mark/,
    /is not dropped here; it gets no endpoint either/,
  ],
  ["markmasq-empty", "markless-mark-chain", /KUBE-MARK-MASQ sets no mark/, /without a source rewrite/],
  [
    "no-postrouting-jump",
    "missing-hook",
    /no jump from nat POSTROUTING to KUBE-POSTROUTING/,
    /without a source rewrite/,
  ],
  ["no-prerouting-jump", "missing-hook", /no jump from nat PREROUTING to KUBE-SERVICES/, /get no endpoint/],
  [
    "nodeport-claimed-twice",
    "duplicate-node-port",
    new RegExp(`NodePort 30080/tcp is claimed by ${web} and by default/other; ${web} gets all`),
    /reach default\/web:http, none default\/other/,
  ],
  [
    "nodeport-claimed-twice-first",
    "duplicate-node-port",
    new RegExp(`claimed by default/other and by ${web}; default/other gets all`),
    /reach default\/other, none default\/web:http/,
  ],
  [
    "nodeport-no-markmasq",
    "missing-masquerade-mark",
    new RegExp(`NodePort 30080/tcp of ${web} is forwarded without a mark`),
    /3 of 3 endpoints are reached without a source rewrite/,
  ],
  ["nodeports-jump-missing", "missing-hook", /nothing leads to nat KUBE-NODEPORTS/, /handed to the node itself/],
  [
    "nodeports-not-last",
    "node-ports-not-last",
    /KUBE-NODEPORTS stands before \d+ rules of KUBE-SERVICES/,
    /No effect on traffic now/,
  ],
  [
    "notrack-in-raw",
    "diverting-rule",
    new RegExp(`raw PREROUTING .* NodePort 30080/tcp of ${web}`),
    /handed to the node itself/,
  ],
  [
    "orphan-sep",
    "unreferenced-service-chain",
    /no rule leads to KUBE-SEP-BBBBBBBBBBBBBBBB \(10\.244\.7\.7:80\)/,
    /No effect on traffic/,
  ],
  ["orphan-svc", "unreferenced-service-chain", /no rule leads to KUBE-SVC-AAAAAAAAAAAAAAAA/, /No effect on traffic/],
  [
    "orphan-svc-real",
    "unreferenced-service-chain",
    /KUBE-SVC-NT4S3MKQS7ZEZNJA of default\/api:https/,
    /get no endpoint|Nothing that comes in by this chain/,
  ],
  ["postrouting-no-masquerade", "missing-masquerade", /KUBE-POSTROUTING has no MASQUERADE/, /without a source rewrite/],
  [
    "sep-dnat-other-ip",
    "misdirected-endpoint",
    new RegExp(`${sep} of ${web} sends connections to 10\\.244\\.9\\.99:8080, not to 10\\.244\\.1\\.13:8080`),
    /33\.3 % of the connections .* go to 10\.244\.9\.99:8080/,
  ],
  [
    "sep-emptied",
    "endpoint-without-dnat",
    new RegExp(`${sep}.* of ${web} is empty`),
    /10\.244\.3\.14:8080 and 10\.244\.4\.15:8080 instead/,
  ],
  [
    "sep-jump-duplicated",
    "duplicate-endpoint",
    new RegExp(`${sep} \\(10\\.244\\.1\\.13:8080\\) stands twice in ${svc} of ${web}: it gets 66\\.7 %`),
    /66\.7 % to 10\.244\.1\.13:8080 and 33\.3 % to 10\.244\.3\.14:8080/,
  ],
  [
    "sep-jump-removed-first",
    "unreferenced-service-chain",
    new RegExp(`${sep} \\(10\\.244\\.1\\.13:8080\\) of ${web}`),
    /gets no connections to default\/web:http; they go 50\.0 % to 10\.244\.3\.14:8080 and 50\.0 % to 10\.244\.4\.15:8080/,
  ],
  [
    "sep-jump-removed-last",
    "missing-final-endpoint",
    new RegExp(`33\\.3 % of the connections to ${web} get no endpoint: the last rule of ${svc} takes 50\\.0 %`),
    /33\.3 % of the connections .* NodePort 30080\/tcp get no endpoint: they are handed to the node itself/,
  ],
  [
    "sep-jump-unconditional-first",
    "unreachable-endpoint",
    new RegExp(`2 endpoints of ${web} get no connections: 10\\.244\\.3\\.14:8080 and 10\\.244\\.4\\.15:8080`),
    /go 100 % to 10\.244\.1\.13:8080/,
  ],
  [
    "sep-no-dnat",
    "endpoint-without-dnat",
    new RegExp(`${sep}.* of ${web} has no DNAT rule`),
    /10\.244\.3\.14:8080 and 10\.244\.4\.15:8080/,
  ],
  [
    "sep-no-hairpin",
    "missing-hairpin-mark",
    new RegExp(`${sep} \\(10\\.244\\.1\\.13:8080\\) of ${web} has no mark for SNAT`),
    /33\.3 % .* from endpoint 10\.244\.1\.13 .* without a source rewrite/,
  ],
  [
    "svc-emptied",
    "empty-service-chain",
    /10\.96\.10\.4:8443\/tcp of default\/api:https leads to KUBE-SVC-NT4S3MKQS7ZEZNJA, which has no endpoint/,
    /get no endpoint/,
  ],
  [
    "wrong-probability",
    "skewed-endpoint-shares",
    new RegExp(
      `connections to ${web} are shared 50\\.0 % to 10\\.244\\.1\\.13:8080, 25\\.0 % .* instead of 33\\.3 % each`,
    ),
    /50\.0 % to 10\.244\.1\.13:8080, 25\.0 % to/,
  ],
];

interface Truth {
  readonly faults: readonly { readonly kind: string; readonly service: string | null; readonly chain: string | null }[];
}

const versions = ["1.20.2-legacy", "1.20.2-nft", "1.30.5-legacy", "1.30.5-nft"];
const read = (version: string, fault: string, file: string): Buffer | null => {
  try {
    return readFileSync(join(sharedPath("dumps"), version, "faults", fault, file));
  } catch {
    return null;
  }
};

describeShared("every fault is found, named, and its effect told", () => {
  for (const version of versions)
    for (const [fault, checkId, message, effect] of rows) {
      const text = read(version, fault, "iptables-save.txt");
      if (text === null) continue;
      test(`${version} ${fault}`, () => {
        const findings = findingsIn(text);
        const found = findings.find((finding) => finding.checkId === checkId);
        expect(seriousIn(text)).toHaveLength(1);
        expect(found?.message).toMatch(message);
        expect(found?.effect).toMatch(effect);
        expect(found?.severity).not.toBe("info");
        expectNamed(JSON.parse(String(read(version, fault, "truth.json"))), found as Finding);
      });
    }

  test("the table has every fault that does something", () => {
    const named = new Set(rows.map(([fault]) => fault));
    for (const version of versions)
      for (const fault of new Set([...named, "base", "chain-loop", "drop-in-nat", "forward-drop-ok"])) {
        const truth = read(version, fault, "truth.json");
        if (truth === null) continue;
        const kinds = (JSON.parse(String(truth)) as Truth).faults.map(({ kind }) => kind);
        const isHarmless = kinds.every((kind) => kind === "none" || kind === "kernel-refused");
        expect([fault, named.has(fault)]).toEqual([fault, !isHarmless]);
      }
  });

  test("what the kernel refused changed nothing, and a policy alone is information", () => {
    for (const version of versions)
      for (const fault of ["base", "chain-loop", "drop-in-nat", "forward-drop-ok"]) {
        const text = read(version, fault, "iptables-save.txt");
        if (text !== null) expect([version, fault, seriousIn(text)]).toEqual([version, fault, []]);
      }
  });

  test("a policy DROP of FORWARD: pods are dropped, NodePorts pass", () => {
    for (const version of versions) {
      const text = read(version, "forward-drop-ok", "iptables-save.txt");
      const found = text === null ? undefined : findingsIn(text).find(({ checkId }) => checkId === "blocking-policy");
      expect(found?.effect).toMatch(
        /from a pod of this node .* are dropped by the policy\. NodePorts with externalTrafficPolicy Cluster work/,
      );
    }
  });
});

/** The finding has the damaged Service or chain in its words or its places. */
function expectNamed({ faults: [fault] }: Truth, finding: Finding): void {
  const words = [finding.message, finding.chain, finding.servicePort, finding.effect, ...finding.missing].join(" ");
  const service = fault?.service ?? "\0";
  const chain = fault?.chain ?? "\0";
  expect(words.includes(service) || words.includes(chain), `${words} names ${service} or ${chain}`).toBe(true);
}
