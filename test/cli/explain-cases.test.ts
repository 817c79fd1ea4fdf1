import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { run } from "../helpers/fake-io.ts";

/** What explain says where there is more to say than whose a port is. */

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/${name}`, import.meta.url), "utf8");
const mixed = fixture("dumps/1.30.5-nft/mixed/iptables-save.txt");
const old = fixture("dumps/1.20.2-legacy/mixed/iptables-save.txt");
const real = fixture("dumps/1.30.5-nft/realistic-node/iptables-save.txt");
const calico = fixture("healthy/kubeadm-calico/iptables-save.txt");
const ipvs = fixture("healthy/kubespray-ipvs-calico/iptables-save.txt");
const docker = fixture("healthy/docker-ufw-flannel/iptables-save.txt");

/** The text without its line breaks. */
async function explain(what: string, dump: string, files: Record<string, string> = {}, ...argv: string[]) {
  const { stdout, stderr, code } = await run(["explain", what, "dump", ...argv], { files: { dump, ...files } });
  return { text: stdout.replace(/\s+/g, " "), stdout, stderr: stderr.replace(/\s+/g, " "), code };
}
/** Line of the only rule of a text that matches. */
function lineOf(dump: string, pattern: RegExp): number {
  const found = dump.split("\n").flatMap((line, k) => (pattern.test(line) ? [k + 1] : []));
  expect(found).toHaveLength(1);
  return found[0] ?? 0;
}

describe("policies, ranges and affinity, with the lines that show them", () => {
  test("externalTrafficPolicy Local", async () => {
    expect((await explain("30081", mixed)).text).toContain(
      "connections from outside go to the 2 endpoints on this node alone and keep their source; those from pods and from this node go to all endpoints.",
    );
    const dropped = lineOf(
      mixed,
      /^-A KUBE-EXTERNAL-SERVICES .*prod\/lb-local-nolocal.* 203\.0\.113\.12|^-A KUBE-EXTERNAL-SERVICES -d 203\.0\.113\.12/,
    );
    expect((await explain("203.0.113.12", mixed)).text).toContain(
      `this node has no endpoint of the Service: connections from outside are dropped (line ${dropped}); those from pods and from this node go to all endpoints. Health check port 32002 tells load balancers to keep away.`,
    );
  });

  test("without a local detector the rules do not tell pods from outside", async () => {
    const blind = mixed
      .split("\n")
      .filter((line) => !/^-A KUBE-(?:EXT|SV[CL])-.* (?:! )?-s 10\.244\.0\.0\/16 /.test(line))
      .join("\n");
    const { text } = await explain("30081", blind);
    expect(text).toContain(
      "those from this node go to all endpoints. The rules do not tell pods from clients outside.",
    );
  });

  test("internalTrafficPolicy Local", async () => {
    const rule = lineOf(mixed, /^-A KUBE-SERVICES -d 10\.96\.10\.5\/32/);
    expect((await explain("default/api-itp-local-none", mixed)).text).toContain(
      `this node has no endpoint of the Service: connections to the cluster IP are dropped here (line ${rule})`,
    );
    expect((await explain("default/api-itp-local", mixed)).text).toContain(
      "go to the endpoint on this node alone (line ",
    );
  });

  test("source ranges: who is let in, who is dropped, and what they do not hold for", async () => {
    const firewall = lineOf(mixed, /^-A KUBE-PROXY-FIREWALL -d 203\.0\.113\.10\/32/);
    const { text, stdout } = await explain("203.0.113.10", mixed);
    expect(text).toMatch(/is open to 198\.51\.100\.0\/24 and 192\.168\.50\.0\/24 alone \(lines \d+ to \d+\)/);
    expect(text).toContain(
      `connections from elsewhere are dropped (line ${firewall}), those from pods and from this node too`,
    );
    expect(text).toContain("NodePort 31000/tcp knows no source ranges");
    expect(stdout).toMatch(/a client in 198\.51\.100\.0\/24 +the address of/);
  });

  test("affinity: its time, its rules, and no words of the match", async () => {
    const { text } = await explain("default/sticky-local", mixed);
    expect(text).toMatch(
      /connected within the last 60 seconds gets .* \(session affinity ClientIP, lines 584 to 587, 607 and 608\)/,
    );
    expect(text).toContain("(DNAT), and the client is remembered");
    expect(text).not.toMatch(/rsource|mask 255|put on the list/);
  });

  test("no endpoints: every rule that refuses", async () => {
    expect((await explain("default/noep", mixed)).text).toMatch(
      /No client gets to an endpoint .*refused \(lines \d+ and \d+\)/,
    );
  });

  test("before 1.25: an empty KUBE-MARK-DROP drops nothing", async () => {
    const line = lineOf(old, /^-A KUBE-XLB-ITNJKMTIGOE6YE7W .*-j KUBE-MARK-DROP/);
    expect((await explain("31002", old)).text).toContain(
      `Line ${line} leads to KUBE-MARK-DROP, which the kubelet fills`,
    );
  });

  test("a health check port leads to no endpoint", async () => {
    const { text } = await explain("32003", mixed);
    expect(text).toContain("100.0 % handed to kube-proxy itself");
    expect(text).not.toContain("What the endpoint sees");
  });
});

test("an endpoint on the host network of this very node", async () => {
  const config = '{"cluster": {"nodeIPs": ["192.168.50.11"]}}';
  const { text } = await explain("default/hostnet", mixed, { "iptlint.config.json": config });
  expect(text).toContain("its own address at 192.168.50.11:9100; at 192.168.50.12:9100 the address of the interface");
  expect(text).toContain("an endpoint that gets to itself");
});

test("chains that kube-proxy left of a Service that is gone", async () => {
  const stale = mixed
    .split("\n")
    .filter((line) => !/^-A KUBE-(?:SERVICES|NODEPORTS) .*MKX6DHQ36TGMSXPF/.test(line))
    .join("\n");
  const { text, code } = await explain("default/ext-ip", stale);
  expect(code).toBe(0);
  expect(text).toContain("default/ext-ip is a Service port that nothing in this capture leads to 50.0 %");
  expect(text).toContain("No rule leads to its chains");
  expect((await run(["services", "dump"], { files: { dump: stale } })).stdout).not.toContain("default/ext-ip");
});

describe("ports of others", () => {
  const taken = real
    .replace("--dports 80,443", "--dports 80,443,30080")
    .replace(
      /^(-A CNI-DN-\S+ -p tcp -m tcp) --dport 80 -j DNAT .*$/m,
      "$&\n$1 --dport 30080 -j DNAT --to-destination 10.244.1.50:30080",
    );

  test("are followed rule by rule", async () => {
    const { stdout } = await explain("80", real);
    expect(stdout).toMatch(
      /^80\/tcp is forwarded to 10\.244\.1\.50:80 by CNI portmap \(line \d+\), not by kube-proxy\n {2}100\.0 %/,
    );
    expect(stdout).toMatch(/-> CNI-HOSTPORT-DNAT\n.*\n.*-> CNI-DN-/);
    expect(stdout).toContain("What the endpoint sees as the source");
  });

  test("all claimants in the order in which they win", async () => {
    const kubeFirst = await explain("30080", taken);
    expect(kubeFirst.stdout).toMatch(/^30080\/tcp is the NodePort/);
    expect(kubeFirst.text).toMatch(
      /by CNI portmap \(line \d+\), not by kube-proxy; but the rules of kube-proxy are asked first/,
    );
    const lines = taken.split("\n");
    const hooks = ["KUBE-SERVICES", "CNI-HOSTPORT-DNAT"].map((chain) =>
      lines.findIndex((line) => line.startsWith("-A PREROUTING") && line.endsWith(`-j ${chain}`)),
    ) as [number, number];
    [lines[hooks[0]], lines[hooks[1]]] = [lines[hooks[1]] ?? "", lines[hooks[0]] ?? ""];
    const theirsFirst = await explain("30080", lines.join("\n"));
    expect(theirsFirst.stdout).toMatch(/^30080\/tcp is forwarded to 10\.244\.1\.50:30080 by CNI portmap/);
    expect(theirsFirst.text).toContain("; but the rules of CNI portmap are asked first");
  });
});

describe("what the capture does not show", () => {
  test.each([
    ["31980", calico, "192.168.200.7:8080"],
    ["8080", docker, "172.17.0.2:80"],
  ])("where connections are sent comes first, what it depends on last: %s", async (what, dump, address) => {
    const { stdout, text } = await explain(what, dump);
    expect(stdout.split("\n").filter((line) => / % {2}/.test(line))).toEqual([`  100.0 %  ${address}`]);
    expect(text).toMatch(
      /Whether a connection gets there depends on what the capture does not show, such as whether .* may drop it/,
    );
  });

  test("a text cut off: nothing is claimed of what is missing", async () => {
    const cut = mixed.slice(0, mixed.indexOf("-A KUBE-SEP-"));
    const { text } = await explain("30081", cut);
    expect(text).toContain("not shown: the chains that lead to its endpoints");
    expect(text).toContain("Not shown: the end of table nat.");
    expect(text).not.toMatch(/untranslated|no endpoint/);
  });

  test("lines of one Service alone: policy Local still counts", async () => {
    const lines = mixed.split("\n").filter((line) => /CM5E4UDHXIN4TGLL|web-nodeport-local/.test(line));
    const { stdout } = await explain("30081", lines.join("\n"));
    expect(stdout.match(/^ +50\.0 % {2}10\.244\.1\.1[78]:8080$/gm)).toHaveLength(2);
  });

  test("table nat alone", async () => {
    const nat = mixed.slice(mixed.indexOf("*nat"));
    expect((await explain("30081", nat)).text).toContain("Not shown: table filter.");
    const { stdout } = await run(["services", "dump"], { files: { dump: nat } });
    expect(stdout).toContain(
      "Not shown: table filter; Services without endpoints and health check ports are not shown\n",
    );
  });

  test("ports and marks lost: said before anything else", async () => {
    const lost = mixed
      .replace(/ --[ds]port \d+/g, "")
      .replace(/ -m mark ! --mark \S+/g, "")
      .replace(/ --mark \S+/g, "");
    expect((await explain("10.96.10.3", lost)).text).toContain("This capture has lost its ports and marks");
    expect((await explain("30081", lost)).stderr).toContain("the capture has lost the numbers of");
    const trace = await run(["trace", "dump", "--to", "192.0.2.10:30081/tcp"], {
      files: { dump: lost.replace("v1.8.9", "v1.8.7") },
    });
    expect(trace.stdout).toContain("Assumed: the rules ask for no port and no mark, though this capture has lost");
  });

  test("IPVS mode: what rules and sets show", async () => {
    const sets = "create KUBE-NODE-PORT-TCP bitmap:port range 0-65535\nadd KUBE-NODE-PORT-TCP 30080\n";
    const { text } = await explain("30080", ipvs, { sets }, "--ipset", "sets");
    expect(text).toMatch(
      /^30080\/tcp is the NodePort .* the endpoint that IPVS chooses in the kernel \(ipvsadm -Sn shows them\)/,
    );
    expect(text).toContain("-> KUBE-MARK-MASQ");
    const { stderr, code } = await explain("30080", ipvs);
    expect([code, stderr]).toEqual([1, expect.stringContaining("kube-proxy runs in IPVS mode")]);
  });
});
