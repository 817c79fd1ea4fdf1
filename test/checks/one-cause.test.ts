import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { describeShared, sharedPath } from "../helpers/shared.ts";
import { seriousIn } from "./helpers/findings.ts";

/** What was edited, the text and what stands for it, and all findings above info. */
type Row = readonly [edit: string, from: RegExp, to: string, found: readonly RegExp[]];

/** Edits of a dump of 1.20. */
const older: readonly Row[] = [
  [
    "a NodePort bent to another Service",
    /("default\/multi:http" -m tcp --dport 30700 -j )KUBE-SVC-\w+/,
    "$1KUBE-SVC-GULZSZRICXE5C7M7",
    [/error misdirected-rule .*NodePort 30700\/tcp of default\/multi:http leads to default\/multi:https/],
  ],
  [
    "a cluster IP bent to a Service of another protocol",
    /("default\/multi:https cluster IP" -m tcp --dport 443 -j )KUBE-SVC-GULZSZRICXE5C7M7/,
    "$1KUBE-SVC-UF6OXWK6NXD257M6",
    [
      /error misdirected-rule .*cluster IP 10\.96\.10\.9:443\/tcp of default\/multi:https leads to telco\/diameter:sctp/,
    ],
  ],
  [
    "a load balancer IP bent to the firewall chain of another Service",
    /(-A KUBE-SERVICES -d 203\.0\.113\.16\/32 .* -j )KUBE-FW-RP4NWHRG5Z53YELB/,
    "$1KUBE-FW-6G2TTYUQSAATF5BN",
    [
      /error misdirected-rule .*load balancer IP 203\.0\.113\.16:80\/tcp of prod\/lb-local-ranges leads to prod\/lb-noranges-2ip:b/,
    ],
  ],
  [
    "a mark that asks for another port",
    /(-s 127\.0\.0\.0\/8 -p tcp -m comment --comment "prod\/lb-local-ranges" -m tcp --dport )31006/,
    "$180",
    [/warning unwanted-masquerade-mark .*marks other traffic to prod\/lb-local-ranges/],
  ],
  [
    "a probability turned round that shares as before",
    /(-m statistic --mode random )(--probability 0\.50000000000 -j KUBE-SEP-4HENUO7F2MHE2H6P)/,
    "$1! $2",
    [
      /warning missing-kube-proxy-rule .*the rule "endpoint" of default\/ext-ip in KUBE-SVC-\w+ is not as kube-proxy writes it/,
    ],
  ],
  [
    "the jump to the only local endpoint deleted, before there were terminating endpoints",
    /-A KUBE-SVC-HFU2QWB77T5FEH5H .* -j KUBE-SEP-KQ2VLASUVWTKUOF6\n/,
    "",
    [/warning missing-cluster-endpoint .*1 local endpoint of prod\/lb-local:http is missing from KUBE-SVC-\w+/],
  ],
];

/** Edits of a dump of 1.30. */
const newer: readonly Row[] = [
  [
    "an endpoint's jump deleted where session affinity still knows it",
    /-A KUBE-SVC-WZ7SQLHN7GAGURQN .* --probability \S+ -j KUBE-SEP-DTOSFMPXOKTQ63HJ\n/,
    "",
    [/warning skewed-endpoint-shares .*instead of 25\.0 % each; KUBE-SEP-DTOSFMPXOKTQ63HJ gets none/],
  ],
  [
    "a jump to an endpoint that accepts instead",
    /(-A KUBE-SVC-6MHKKLENO6MXVQPC .*)-j KUBE-SEP-2JWEJUDPUHKM7TGF/,
    "$1-j ACCEPT",
    [/error unexpected-kube-proxy-rule .*default\/multi:dns-tcp/],
  ],
];

describeShared("one edit is one finding", () => {
  const dumps = { "1.20.2": older, "1.30.5": newer };
  for (const [version, edits] of Object.entries(dumps)) {
    const dump = readFileSync(sharedPath(`dumps/${version}-legacy/mixed/iptables-save.txt`), "latin1");

    test.each(edits)(`${version}: %s`, (_, from, to, wanted) => {
      const edited = dump.replace(from, to);
      expect(edited).not.toBe(dump);
      const found = seriousIn(edited);
      expect(found).toHaveLength(wanted.length);
      for (const [i, pattern] of wanted.entries()) expect(found[i]).toMatch(pattern);
    });
  }
});
