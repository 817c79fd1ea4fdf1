import type { Finding, Location } from "../../src/checks/finding.ts";
import type { CheckDoc, Look, NodeReport, Report } from "../../src/report/report.ts";

export const look: Look = { width: 100, colour: false, unicode: true, quiet: false };

/** A location on a whole line of `lines`, which are the text of `file`. */
export function wholeLine(lines: readonly string[], line: number, file = "node-a.txt"): Location {
  const text = lines[line - 1] ?? "";
  const length = Array.from(text).length;
  return { file, line, column: 1, length, byteOffset: 0, byteLength: length };
}

export function findingAt(location: Location, changes: Partial<Finding> = {}): Finding {
  return {
    checkId: "missing-masquerade-mark",
    severity: "error",
    confidence: "certain",
    message: "NodePort 30080/tcp of default/web:http is forwarded without a mark for SNAT",
    table: "nat",
    chain: "KUBE-EXT-CDGGSHYLG3RE2FKL",
    servicePort: "default/web:http",
    location,
    label: null,
    missing: [],
    related: [],
    effect: null,
    confirm: null,
    remedy: null,
    references: [],
    ...changes,
  };
}

export function nodeOf(findings: readonly Finding[], changes: Partial<NodeReport> = {}): NodeReport {
  return {
    name: "node-a.txt",
    captures: [
      {
        file: "node-a.txt",
        family: 4,
        backend: "nft",
        tool: "iptables-save",
        version: "1.8.9",
        tables: ["nat", "filter"],
        rules: 1137,
      },
    ],
    mode: "iptables",
    kubeProxy: {
      form: "kube-proxy rules as of 1.25 and later (iptables mode)",
      services: 10,
      servicePorts: 11,
      endpoints: 1,
      vital: [{ service: "kube-system/kube-dns", endpoints: 2 }],
    },
    expectsKubeProxy: true,
    owners: ["kubelet"],
    findings,
    withheld: [],
    suppressed: [],
    turnedOff: [],
    restore: null,
    notes: [],
    ...changes,
  };
}

/** A report over the given lines, which are the text of every file. */
export function reportOf(
  lines: readonly string[],
  nodes: readonly NodeReport[],
  changes: Partial<Report> = {},
): Report {
  return {
    version: "0.1.0",
    nodes,
    remarks: [],
    configuration: null,
    unreadable: [],
    checks: [],
    sourceLine: ({ line }) => lines[line - 1] ?? null,
    ...changes,
  };
}

export const masqueradeDoc: CheckDoc = {
  id: "missing-masquerade-mark",
  severity: "error",
  summary: "A path from outside lacks the mark for SNAT",
  why: "The reply of an endpoint on another node bypasses this one.",
  remedy: "Restart kube-proxy.",
  references: ["https://kubernetes.io/docs/reference/networking/virtual-ips/"],
};
