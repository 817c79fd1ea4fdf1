import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { run } from "../helpers/fake-io.ts";
import { expectSchema } from "../helpers/schema.ts";

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/dumps/${name}`, import.meta.url), "utf8");
const minimal = fixture("1.30.5-nft/minimal/iptables-save.txt");
const mixed = fixture("1.30.5-nft/mixed/iptables-save.txt");
const article = `-A KUBE-SERVICES ! -s 10.244.0.0/16 -d 10.96.0.10/32 -p tcp -m tcp --dport 30080 -j KUBE-MARK-MASQ
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m tcp --dport 30080 -j KUBE-NODEPORTS
-A KUBE-NODEPORTS -p tcp -m tcp --dport 30080 -j KUBE-SVC-XXXXX
-A KUBE-SVC-XXXXX -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-YYYYY
-A KUBE-SVC-XXXXX -j KUBE-SEP-ZZZZZ
-A KUBE-SEP-YYYYY -s 10.244.1.5/32 -j KUBE-MARK-MASQ
-A KUBE-SEP-YYYYY -p tcp -m tcp -j DNAT --to-destination 10.244.1.5:80
`;
const files = { minimal, mixed, old: fixture("1.20.2-legacy/mixed/iptables-save.txt"), "article.txt": article };
const truthOf = (name: string) => JSON.parse(fixture(`${name}/truth.json`));

const explain = (what: string, dump: string, ...options: string[]) =>
  run(["explain", what, dump, ...options], { files });

describe("a NodePort", () => {
  test("the answer is the first line, then shares, the way and the sources", async () => {
    const { stdout, code } = await explain("30080", "minimal");
    expect(code).toBe(0);
    expect(
      stdout,
    ).toBe(`30080/tcp is the NodePort of Service default/my-nodeport-service (port 80, cluster IP 10.96.0.10)
   50.0 %  10.244.1.5:80
   50.0 %  10.244.2.7:80
  chosen at random for each new connection, not in turn; a long-lived connection stays where it is

The way of a connection to any address of this node, port 30080/tcp
  nat PREROUTING
     55  every connection                        -> KUBE-SERVICES
  KUBE-SERVICES
     70  destination is an address of this node  -> KUBE-NODEPORTS
  KUBE-NODEPORTS
     61  tcp destination port 30080              -> KUBE-EXT-BD5WSPTUEZLLHMHD
  KUBE-EXT-BD5WSPTUEZLLHMHD
     58  every connection                        -> KUBE-MARK-MASQ
     60    sets mark 0x4000: rewrite the source on the way out, so that the reply comes back here
     59  every connection                        -> KUBE-SVC-BD5WSPTUEZLLHMHD
  KUBE-SVC-BD5WSPTUEZLLHMHD
     72  half of them, at random                 -> KUBE-SEP-LTIVLC7GT4RU5YAH
     68    destination becomes 10.244.1.5:80 (DNAT)
     73  the rest                                -> KUBE-SEP-JSDDE6EYJILV5MXK
     66    destination becomes 10.244.2.7:80 (DNAT)
  nat POSTROUTING
     57  every connection                        -> KUBE-POSTROUTING
     63    marked 0x4000: flips mark 0x4000
     64    marked 0x4000: source becomes the address of the interface it leaves by (MASQUERADE)

What the endpoint sees as the source
  a client outside the cluster       the address of the interface the packet leaves by (SNAT), often
                                     not this node's InternalIP
  a pod of this node                 the same
  this node, by its own address      the same
  this node, by a pod-range address  the same
  an endpoint that gets to itself    the same

Name checked: KUBE-SVC-BD5WSPTUEZLLHMHD ends in the hash of default/my-nodeport-service + tcp.
As far as iptables goes: native nftables tables and eBPF run beside it and are not in a capture.
`);
  });

  test.each([
    ["mixed", "1.30.5-nft/mixed"],
    ["old", "1.20.2-legacy/mixed"],
  ])("every one of %s is explained with the truth's endpoints and even shares", async (dump, name) => {
    const ports = truthOf(name).servicePorts.filter((port: { nodePort: number }) => port.nodePort > 0);
    expect(ports.length).toBeGreaterThan(5);
    for (const port of ports) {
      const { stdout } = await explain(`${port.nodePort}/${port.protocol}`, dump, "--format", "json");
      const { answers } = JSON.parse(stdout);
      expect(answers.map((answer: { servicePort: { id: string } }) => answer.servicePort.id)).toEqual([port.id]);
      const shares = answers[0].shares.filter(({ address }: { address: string | null }) => address !== null);
      const wanted = port.externalTrafficPolicy === "Local" ? port.localEndpoints : port.clusterEndpoints;
      expect(shares.map(({ address }: { address: string }) => address).sort()).toEqual([...wanted].sort());
      for (const { share } of shares) expect(share).toBeCloseTo(1 / wanted.length, 6);
    }
  });

  test("the protocol narrows the question", async () => {
    expect((await explain("30080/udp", "minimal")).code).toBe(1);
    expect((await explain("30080/tcp", "minimal")).code).toBe(0);
  });
});

describe("an excerpt", () => {
  test("says what it shows, who gets there and what is unusual", async () => {
    const { stdout, code } = await explain("30080", "article.txt");
    expect(code).toBe(0);
    expect(stdout.split("\n").slice(0, 3)).toEqual([
      "KUBE-NODEPORTS sends 30080/tcp to KUBE-SVC-XXXXX; the capture does not name its Service",
      "   50.0 %  10.244.1.5:80",
      "   50.0 %  not shown: KUBE-SEP-ZZZZZ is not in this capture",
    ]);
    const flowed = stdout.replaceAll("\n", " ");
    for (const said of [
      "chosen at random for each new connection, not in turn",
      "only packets to 10.96.0.10:30080 (line 2) reach KUBE-NODEPORTS",
      "--dst-type LOCAL",
      "A node port is matched on a cluster address here",
      "No rule on the node port's own path marks the connection for SNAT",
      "KUBE-SVC-XXXXX is no name that kube-proxy gives",
      "Not shown: table names (taken as nat), KUBE-MARK-MASQ, KUBE-POSTROUTING, one endpoint chain.",
      "For the whole answer: iptables-save > dump.txt",
    ]) {
      expect(flowed).toContain(said);
    }
  });
});

describe("other subjects", () => {
  test.each([
    [
      "10.96.0.10",
      "minimal",
      /^10\.96\.0\.10:80\/tcp is the cluster IP of Service default\/my-nodeport-service \(NodePort 30080\/tcp\)/,
    ],
    ["10.96.0.10:80", "minimal", /^10\.96\.0\.10:80\/tcp is the cluster IP/],
    [
      "default/my-nodeport-service",
      "minimal",
      /^default\/my-nodeport-service is a Service port with cluster IP 10\.96\.0\.10:80\/tcp, NodePort 30080\/tcp/,
    ],
    [
      "10.244.2.7:80",
      "minimal",
      /^10\.244\.2\.7:80 is an endpoint of Service default\/my-nodeport-service, with 50\.0 % of its new\n/,
    ],
    ["10.244.2.7", "minimal", /^10\.244\.2\.7:80 is an endpoint/],
    ["my-nodeport-service", "minimal", /^default\/my-nodeport-service is a Service port/],
    ["line:1", "minimal", /^line 1 is a comment/],
    [
      "KUBE-SVC-BD5WSPTUEZLLHMHD",
      "minimal",
      /^KUBE-SVC-BD5WSPTUEZLLHMHD in table nat is for all endpoints of Service default\/my-nodeport-service/,
    ],
    ["KUBE-SEP-LTIVLC7GT4RU5YAH", "minimal", /is for one endpoint of Service default\/my-nodeport-service/],
    ["KUBE-FIREWALL", "minimal", /^KUBE-FIREWALL in table filter is a chain of the kubelet/],
    ["line:72", "minimal", /^line 72, nat KUBE-SVC-BD5WSPTUEZLLHMHD: When /],
    [
      "kube-system/kube-dns:dns",
      "mixed",
      /^kube-system\/kube-dns:dns is a Service port with cluster IP 10\.96\.0\.10:53\/udp/,
    ],
    [
      "30099",
      "mixed",
      /^30099\/tcp is the NodePort of Service default\/noep.*\n {2}100\.0 % {2}refused with icmp-port-unreachable \(line \d+\)/,
    ],
    ["203.0.113.16", "mixed", /^203\.0\.113\.16:80\/tcp is a load balancer IP of Service prod\/lb-local-ranges/],
  ])("%s", async (what, dump, answer) => {
    const { stdout, code } = await explain(what, dump);
    expect(stdout).toMatch(answer);
    expect(code).toBe(0);
  });

  test("json is what its schema says", async () => {
    for (const what of ["30080", "10.96.0.10", "KUBE-SERVICES", "line:72", "31999"]) {
      for (const dump of ["minimal", "mixed", "old", "article.txt"]) {
        expectSchema("explain", JSON.parse((await explain(what, dump, "--format", "json")).stdout));
      }
    }
  });

  test.each([
    ["30081", "Nearest: 30080"],
    ["my-nodeport", "Nearest: default/my-nodeport-service"],
    ["KUBE-SERVICE", "Nearest: KUBE-SERVICES"],
    ["default/my-nodeport-servce", "Nearest: default/my-nodeport-service"],
    ["30080/udp", "Nearest: 30080/tcp"],
    ["10.96.0.10:443", "Nearest: 10.96.0.10:80/tcp"],
    ["10.96.0.9", "Nearest: 10.96.0.10:80/tcp"],
    ["other/my-nodeport-service", "Nearest: default/my-nodeport-service"],
    ["10.1.2.3", "cluster IPs, external IPs, load balancer IPs and endpoints"],
    ["line:9999", "not found among 75 lines"],
  ])("%s is not found: what was searched, and what is near", async (what, said) => {
    const { code, stdout, stderr } = await explain(what, "minimal");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(said);
  });

  test.each(["99999", "10.0.0.256", "a/b/c", "10.0.0.1:99999", "30080/foo", "10.96", ""])(
    "%j is wrong usage",
    async (what) => {
      expect((await explain(what, "minimal")).code).toBe(2);
    },
  );

  test.each([40, 80, 100])("the answers fit %i columns", async (columns) => {
    for (const what of ["30080", "KUBE-SVC-BD5WSPTUEZLLHMHD"]) {
      const { stdout } = await run(["explain", what, "minimal", "--color", "never"], { files, columns });
      // A name that is wider than its line stands alone on it.
      const wide = stdout.split("\n").filter((line) => line.length > columns && !/^\s*(-> )?\S+$/.test(line));
      expect(wide).toEqual([]);
    }
  });
});
