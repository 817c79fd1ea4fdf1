import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { run } from "../helpers/fake-io.ts";
import { expectSchema } from "../helpers/schema.ts";

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/dumps/${name}`, import.meta.url), "utf8");
const files = {
  mixed: fixture("1.30.5-nft/mixed/iptables-save.txt"),
  v6: fixture("1.30.5-nft/dualstack/ip6tables-save.txt"),
  "blocked.txt": "create blocked hash:ip family inet hashsize 1024 maxelem 65536\nadd blocked 203.0.113.9\n",
  "odd.txt": "create blocked hash:what\n",
  "sets.dump": "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m set --match-set blocked src -j DROP\nCOMMIT\n",
};
const trace = (...argv: string[]) => run(["trace", ...argv], { files });

describe("all clients", () => {
  test("of a Service: a row each, for each way in", async () => {
    const { stdout, code } = await trace("mixed", "--all-clients", "default/web-nodeport-local");
    expect(code).toBe(0);
    expect(stdout).toContain(`default/web-nodeport-local:http, node port 192.0.2.10:30081/tcp
  a client outside the cluster (93.184.215.14)    100.0 % to 2 endpoints (50.0 % each), source kept
  a pod of this node (10.244.255.250)             100.0 % to 5 endpoints (20.0 % each), source kept
  this node, by its own address (192.0.2.10)      100.0 % to 5 endpoints (20.0 % each), source
                                                  rewritten (SNAT)
  this node, by a pod-range address (10.244.0.1)  100.0 % to 5 endpoints (20.0 % each), source kept
  an endpoint of this Service (10.244.1.17)       20.0 % to 10.244.1.17:8080, source rewritten
                                                  (SNAT)
                                                  80.0 % to 4 endpoints (20.0 % each), source kept
`);
  });

  test("of a port, of IPv6, of a Service without endpoints", async () => {
    expect((await trace("mixed", "--all-clients", "30081")).stdout).not.toContain("cluster IP");
    expect((await trace("v6", "--all-clients", "30080")).stdout).toMatch(/node port \[[0-9a-f:]+\]:30080\/tcp/);
    const { stdout } = await trace("mixed", "--all-clients", "default/noep");
    expect(stdout).toMatch(/a pod of this node .* rejected with icmp-port-unreachable/);
  });

  test("as json: a trace for each row", async () => {
    const { stdout } = await trace("mixed", "--all-clients", "default/web-nodeport-local", "--format", "json");
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(10);
    for (const line of lines) expectSchema("trace", line);
    expect(lines[0].from).toBe("a client outside the cluster (93.184.215.14)");
  });

  test("of nothing that is there", async () => {
    const { stdout, stderr, code } = await trace("mixed", "--all-clients", "nobody/nothing");
    expect([stdout, code]).toEqual(["", 1]);
    expect(stderr).toContain("nobody/nothing leads to no Service");
  });

  test.each([
    [["mixed"], "trace asks for --to or --all-clients"],
    [["mixed", "--to", "10.0.0.1:80/tcp", "--all-clients", "30081"], "trace asks for --to or --all-clients"],
    [["mixed", "--all-clients", "30081", "--local"], "asks from everywhere"],
  ])("%j is wrong usage", async (argv, message) => {
    const { stderr, code } = await trace(...argv);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe("--ipset", () => {
  const packet = ["sets.dump", "--from", "203.0.113.9", "--to", "192.0.2.10:80/tcp", "--node-ip", "192.0.2.10"];

  test("decides what a set holds", async () => {
    expect((await trace(...packet)).stdout).toContain("if set blocked holds source 203.0.113.9:");
    expect((await trace(...packet, "--ipset", "blocked.txt")).stdout).toContain("100.0 %  dropped (line 3)");
  });

  test("says which line of it does not read", async () => {
    const { stderr, code } = await trace(...packet, "--ipset", "odd.txt");
    expect(code).toBe(2);
    expect(stderr).toContain("--ipset odd.txt, line 1: expected a type of set, such as hash:ip,port");
    expect((await trace(...packet, "--ipset", "missing.txt")).code).toBe(2);
  });
});
