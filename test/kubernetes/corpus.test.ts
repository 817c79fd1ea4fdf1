import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tableOfChain } from "../../src/kubernetes/chain-table.ts";
import { readServiceMap } from "../../src/kubernetes/read-service-map.ts";
import { buildStore } from "../../src/netfilter/build.ts";
import { rulesetsOf } from "../../src/netfilter/rulesets.ts";
import { deviationsIn } from "./helpers/deviations.ts";
import { sharedCorpus } from "./helpers/dumps.ts";

/** Public texts with chains of kube-proxy's: what their maps say, a line each. */
const expected: Readonly<Record<string, string>> = {
  "Azure-azure-container-networking-npm-pkg-dataplane-testdata-iptablesave-v2.txt":
    "iptables: 41 ports, 40 proven, 44 endpoints; lacks nothing",
  "Azure-azure-container-networking-npm-pkg-dataplane-testdata-iptablesave.txt":
    "iptables: 1 ports, 0 proven, 0 endpoints; lacks table nat",
  "Chenditang-k8s_doc-Kubernetes.md-1.txt":
    "ipvs: 0 ports, 0 proven, 0 endpoints; lacks the name of table nat, table filter",
  "Chenditang-k8s_doc-Kubernetes.md-2.txt":
    "ipvs: 0 ports, 0 proven, 0 endpoints; lacks the name of table nat, table filter",
  "Muthukumar-Subramaniam-k8s-learning-path-kube-proxy.md-1.txt":
    "iptables: 1 ports, 0 proven, 2 endpoints; lacks the name of table nat, table filter",
  "anngdinh-vcontainer-helm-infra-documentation-aws-network.md-1.txt":
    "iptables: 4 ports, 4 proven, 8 endpoints; lacks the name of table nat, the name of table filter",
  "anngdinh-vcontainer-helm-infra-documentation-aws-trunk.md-1.txt":
    "iptables: 0 ports, 0 proven, 0 endpoints; lacks table nat, the name of table filter",
  "anngdinh-vcontainer-helm-infra-documentation-aws-trunk.md-2.txt":
    "iptables: 5 ports, 5 proven, 10 endpoints; lacks the name of table nat, table filter",
  "imdone-kubernetes-proxier_test.go-1.txt":
    "iptables: 6 ports, 0 proven, 0 endpoints; lacks kube-proxy's chains in table nat, kube-proxy's chains in table filter",
  "isno-theByteBook-iptables.md-1.txt":
    "iptables: 1 ports, 0 proven, 3 endpoints; lacks the name of table nat, table filter",
  "jmetzger-training-kubernetes-networking-load-balancing-iptables.md-1.txt":
    "iptables: 1 ports, 0 proven, 3 endpoints; lacks the name of table nat, table filter",
  "jmetzger-training-kubernetes-networking-load-balancing-iptables.md-2.txt": "no rule that iptables would take",
  "kjin17-k8s_study-02_iptables.md-1.txt":
    "iptables: 1 ports, 0 proven, 3 endpoints; lacks the name of table nat, table filter",
  "kubernetes-enhancements-README.md-1-93840b.txt":
    "no Services: 0 ports, 0 proven, 0 endpoints; lacks the name of table nat, table filter",
  "kubernetes-enhancements-README.md-1.txt":
    "iptables: 1 ports, 1 proven, 3 endpoints; lacks the name of table nat, table filter",
  "luofengmacheng-cloud_native-ingress.md-1.txt":
    "iptables: 1 ports, 1 proven, 3 endpoints; lacks the name of table nat, the name of table filter",
  "luojun96-cloud-native-kube-proxy.md-1.txt":
    "iptables: 1 ports, 1 proven, 1 endpoints; lacks the name of table nat, table filter",
  "projectcalico-calico-felix-fv-iptables-dump.txt.txt": "iptables: 4 ports, 1 proven, 1 endpoints; lacks nothing",
  "qifangsu-demo-kube-iptables-after.py.txt": "no rule that iptables would take",
  "qifangsu-demo-kube-iptables.nat.py.txt": "no rule that iptables would take",
  "tr-aws-cni-issue-407-grep-random.txt":
    "iptables: 3 ports, 0 proven, 3 endpoints; lacks the name of table nat, table filter",
  "tr-cilium-issue-31565-cilium-nixos.txt":
    "no Services: 0 ports, 0 proven, 0 endpoints; lacks table nat, the name of table filter",
  "tr-cilium-issue-7677-cilium-ipvs.txt":
    "ipvs: 0 ports, 0 proven, 0 endpoints; lacks the end of table nat, table filter",
  "tr-findstring-36886438242-aks-svl.txt":
    "iptables: 2 ports, 2 proven, 1 endpoints; lacks the name of table nat, table filter",
  "tr-findstring-38744791704-k3s-metallb-prompts.txt":
    "iptables: 1 ports, 1 proven, 0 endpoints; lacks the name of table nat, table filter",
  "tr-findstring-41755529094-ipvs-table-no-chains.txt":
    "no Services: 0 ports, 0 proven, 0 endpoints; lacks the end of table nat, table filter",
  "tr-findstring-5059135184-submariner-hash-comments.txt":
    "iptables: 1 ports, 1 proven, 3 endpoints; lacks the name of table nat, table filter",
  "tr-findstring-52038227889-eks-vpc-cni-nat-S.txt":
    "iptables: 6 ports, 6 proven, 11 endpoints; lacks the name of table nat, table filter",
  "tr-kube-hetzner-issue-1210-k3s-grep-ext.txt":
    "iptables: 6 ports, 3 proven, 0 endpoints; lacks the name of table nat, table filter",
  "tr-kubernetes-kubernetes-issue-107591-kubespray-S.txt":
    "ipvs: 0 ports, 0 proven, 0 endpoints; lacks the name of table nat, the name of table filter",
  "tr-kubernetes-kubernetes-issue-36652-journal-prefix.txt":
    "iptables: 1 ports, 1 proven, 1 endpoints; lacks the name of table nat, the name of table filter",
  "tr-kubernetes-kubernetes-issue-36835-prompt-invalid-option.txt":
    "iptables: 0 ports, 0 proven, 0 endpoints; lacks the end of table nat, table filter",
  "tr-kubernetes-kubernetes-issue-61944-weave-flannel-wrapped-line.txt":
    "iptables: 0 ports, 0 proven, 0 endpoints; lacks the end of table nat, table filter",
  "tr-kubernetes-kubernetes-issue-65387-svc-probability.txt":
    "iptables: 13 ports, 0 proven, 16 endpoints; lacks the name of table nat, table filter",
  "tr-kubernetes-kubernetes-issue-65459-ipvs-matchset.txt":
    "ipvs: 0 ports, 0 proven, 0 endpoints; lacks the name of table nat, table filter",
  "tr-kubernetes-kubernetes-issue-65574-ipvs-matchset.txt":
    "ipvs: 0 ports, 0 proven, 0 endpoints; lacks table nat, the name of table filter",
  "tr-kubernetes-kubernetes-issue-66454-libvirt-tab-indented.txt":
    "no Services: 0 ports, 0 proven, 0 endpoints; lacks the end of table nat, table filter",
  "tr-kubernetes-kubernetes-issue-72522-calico-ipvs-hostport.txt":
    "ipvs: 0 ports, 0 proven, 0 endpoints; lacks the end of table nat, table filter",
  "tr-kubernetes-kubernetes-issue-85397-save-c-xlb-comments.txt":
    "iptables: 2 ports, 1 proven, 0 endpoints; lacks the name of table nat, table filter",
  "tr-kubernetes-kubernetes-pull-114470-kind-ext.txt":
    "iptables: 1 ports, 1 proven, 0 endpoints; lacks the name of table nat, table filter",
  "tr-kubo-deployment-issue-275-xlb-prompt.txt":
    "iptables: 1 ports, 1 proven, 0 endpoints; lacks the name of table nat, table filter",
  "tr-openshift-origin-issue-14195-firewalld-in-public.txt":
    "no Services: 0 ports, 0 proven, 0 endpoints; lacks table nat, the name of table filter",
  "tr-openshift-origin-issue-14195-svc-recent.txt":
    "iptables: 7 ports, 7 proven, 7 endpoints; lacks the name of table nat, the name of table filter",
  "tr-ovn-kubernetes-issue-4394-counters-indented.txt":
    "no Services: 0 ports, 0 proven, 0 endpoints; lacks the end of table nat, the name of table filter",
  "tr-submariner-subctl-pull-1205-counters.txt":
    "iptables: 0 ports, 0 proven, 0 endpoints; lacks the name of table nat, table filter",
  "tr-weaveworks-weave-issue-3568-xlb-grep.txt":
    "iptables: 1 ports, 1 proven, 1 endpoints; lacks the name of table nat, table filter",
  "xczhw-CloudLabDeployer-ClusterIP.sh-1.txt":
    "iptables: 1 ports, 0 proven, 3 endpoints; lacks the name of table nat, table filter",
  "zhaohuabing-zhaohuabing.github.io-index.html-1.txt":
    "iptables: 1 ports, 1 proven, 2 endpoints; lacks the end of table nat, table filter",
};

const texts = (sharedCorpus === null ? [] : readdirSync(sharedCorpus))
  .filter((name) => name.endsWith(".txt"))
  .map((name) => ({ name, bytes: readFileSync(join(sharedCorpus ?? "", name)) }))
  .filter(({ bytes }) => bytes.includes("KUBE-"));

describe.runIf(sharedCorpus !== null)("public texts give a map or a reason", () => {
  test("all of them are expected", () =>
    expect(texts.map(({ name }) => name).sort()).toEqual(Object.keys(expected).sort()));

  test.each(texts)("$name", ({ name, bytes }) => {
    const rulesets = rulesetsOf(buildStore(bytes, { tableHint: tableOfChain }));
    const lines = rulesets.map((ruleset) => {
      const map = readServiceMap(ruleset);
      const { servicePorts: ports, mode, missing } = map;
      const endpoints = ports.reduce((sum, port) => sum + port.facts().endpoints.length, 0);
      // Nobody's hash refutes a comment, and nothing is said of what an excerpt does not have.
      expect(ports.filter(({ nameEvidence }) => nameEvidence === "refuted")).toEqual([]);
      if (missing.length > 0) expect(deviationsIn(map).filter((each) => each.startsWith("missing"))).toEqual([]);
      const named = ports.filter(({ nameEvidence }) => nameEvidence === "hash").length;
      const gaps = missing.map(({ what }) => what).filter((what) => what.includes("table"));
      return `${mode ?? "no Services"}: ${ports.length} ports, ${named} proven, ${endpoints} endpoints; lacks ${gaps.join(", ") || "nothing"}`;
    });
    expect(lines.join(" | ") || "no rule that iptables would take").toBe(expected[name]);
  });
});
