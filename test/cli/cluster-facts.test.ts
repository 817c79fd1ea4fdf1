import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { run } from "../helpers/fake-io.ts";

/** What explain, services and trace make of the facts in the configuration. */

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/dumps/${name}`, import.meta.url), "utf8");
const dumps = {
  base: fixture("1.30.5-nft/faults/base/iptables-save.txt"),
  mixed: fixture("1.30.5-nft/mixed/iptables-save.txt"),
  v6: fixture("1.30.5-nft/dualstack/ip6tables-save.txt"),
  none: "*nat\n:PREROUTING ACCEPT [0:0]\n:KUBE-KUBELET-CANARY - [0:0]\nCOMMIT\n",
};
const undetected = dumps.base.replace(/ ! -s 10\.244\.0\.0\/16/g, "").replace(/ -s 10\.244\.0\.0\/16/g, "");

const ask = (cluster: object, ...argv: string[]) =>
  run(argv, { files: { ...dumps, undetected, "iptlint.config.json": JSON.stringify({ cluster }) } });

interface TracedLine {
  readonly from: string;
  readonly to: string;
}
const traced = async (cluster: object, ...argv: string[]): Promise<TracedLine[]> => {
  const { stdout } = await ask(cluster, "trace", "--all-clients", ...argv, "--format", "json");
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
};

describe("nodeIPs", () => {
  test("are what packets to a NodePort are sent to, unless options say otherwise", async () => {
    const cluster = { nodeIPs: ["2001:db8::7", "198.51.100.7"] };
    const to = async (...argv: string[]) => (await traced(cluster, ...argv))[0]?.to;
    expect(await to("30080", "base")).toBe("198.51.100.7:30080/tcp");
    expect(await to("30080", "v6")).toBe("[2001:db8::7]:30080/tcp");
    expect(await to("30080", "base", "--node-ip", "198.51.100.9")).toBe("198.51.100.9:30080/tcp");
    expect(await to("30080", "base", "--no-config")).toBe("192.0.2.10:30080/tcp");
  });

  test("hold for the nodes that they are of", async () => {
    const cluster = { nodeIPs: { "ba*": ["198.51.100.7"], other: ["198.51.100.8"] } };
    expect((await traced(cluster, "30080", "base"))[0]?.to).toBe("198.51.100.7:30080/tcp");
    expect((await traced(cluster, "30080", "mixed"))[0]?.to).toBe("192.0.2.10:30080/tcp");
  });

  test("decide what a single packet meets", async () => {
    const packet = ["trace", "base", "--from", "203.0.113.9", "--to", "198.51.100.7:30080/tcp"];
    expect((await ask({}, ...packet)).stdout).toContain("if 198.51.100.7 is not an address of this node:");
    const { stdout } = await ask({ nodeIPs: ["198.51.100.7"] }, ...packet);
    expect(stdout).not.toContain("if 198.51.100.7");
    expect(stdout).toContain("forwarded to 10.244.1.13:8080");
  });

  test("give way to the addresses on which the rules let NodePorts answer", async () => {
    const jump = "-m addrtype --dst-type LOCAL -j KUBE-NODEPORTS";
    const addressed = dumps.base
      .split("\n")
      .map((line) =>
        line.endsWith(jump)
          ? `-A KUBE-SERVICES -d 192.168.50.11/32 ${line.slice("-A KUBE-SERVICES ".length, -jump.length)}-j KUBE-NODEPORTS`
          : line,
      )
      .join("\n");
    expect(addressed).not.toBe(dumps.base);
    const { stdout } = await run(["explain", "30080", "dump"], {
      files: { dump: addressed, "iptlint.config.json": '{"cluster": {"nodeIPs": ["198.51.100.7"]}}' },
    });
    expect(stdout).toContain("The way of a connection to 192.168.50.11:30080/tcp");
    expect(stdout).toContain("NodePorts answer on 192.168.50.11 alone (line 177)");
    expect(stdout).not.toContain("illustrative");
    expect(stdout.match(/^ +33\.3 % {2}10\.244/gm)).toHaveLength(3);
  });
});

describe("podCIDRs", () => {
  test("are where pods are where the rules do not show it, and nothing is assumed", async () => {
    const cluster = { podCIDRs: ["fd00:9::/64", "10.42.0.0/16"] };
    const from = (await traced(cluster, "default/web:http", "undetected")).map((line) => line.from);
    expect(from).toContain("a pod of this node (10.42.255.250)");
    expect(from).toContain("this node, by a pod-range address (10.42.0.1)");
    const said = "Assumed: pods have addresses such as";
    expect((await ask(cluster, "explain", "30080", "undetected")).stdout).not.toContain(said);
    expect((await ask({}, "explain", "30080", "undetected")).stdout).toContain(said);
  });

  test("give way to what the rules take for pods", async () => {
    const from = (await traced({ podCIDRs: ["10.42.0.0/16"] }, "30080", "base")).map((line) => line.from);
    expect(from).toContain("a pod of this node (10.244.255.250)");
  });
});

test("no Services are what is expected where kube-proxy is not", async () => {
  const missing = await ask({}, "services", "none");
  expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining("or a replacement (Cilium")]);
  const expected = await ask({ kubeProxy: false }, "services", "none");
  expect([expected.code, expected.stderr]).toEqual([
    0,
    "iptlint: no Service ports in the rules of kube-proxy, as the configuration expects\n",
  ]);
  expect((await ask({ kubeProxy: false }, "services", "none", "--namespace", "shop")).code).toBe(1);
});

test.each(["explain", "services", "trace"])("%s tells what is wrong in the configuration", async (command) => {
  const argv = { explain: ["30080", "base"], services: ["base"], trace: ["--all-clients", "30080", "base"] }[command];
  const { code, stderr } = await ask({ nodeIPs: ["10.0.0.256"] }, command, ...(argv ?? []));
  expect(code).toBe(2);
  expect(stderr).toContain("iptlint.config.json");
});

interface Answer {
  readonly shares: readonly { readonly address: string | null; readonly share: number }[];
}

test.each([
  ["base", "30080"],
  ["base", "30081"],
  ["mixed", "30090"],
  ["mixed", "203.0.113.10"],
  ["v6", "30080"],
])("explain gives the numbers of trace: %s %s", async (dump, what) => {
  const { stdout } = await ask({}, "explain", what, dump, "--format", "json");
  const [{ shares }] = (JSON.parse(stdout) as { answers: [Answer] }).answers;
  const [row] = await traced({}, what, dump);
  const { ends } = row as unknown as { ends: { dnat: string | null; share: number }[] };
  const listed = (all: readonly { readonly share: number }[], address: (one: never) => string | null) =>
    all.map((one) => [address(one as never), one.share]).sort();
  expect(listed(shares, ({ address }: Answer["shares"][number]) => address)).toEqual(
    listed(ends, ({ dnat }: { dnat: string | null }) => dnat),
  );
});
