import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { run } from "../helpers/fake-io.ts";
import { expectSchema } from "../helpers/schema.ts";

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/dumps/${name}`, import.meta.url), "utf8");
const files = {
  minimal: fixture("1.30.5-nft/minimal/iptables-save.txt"),
  mixed: fixture("1.30.5-nft/mixed/iptables-save.txt"),
  v6: fixture("1.30.5-nft/dualstack/ip6tables-save.txt"),
};
const trace = (...argv: string[]) => run(["trace", ...argv], { files });
const outside = ["--from", "203.0.113.9", "--to", "192.0.2.10:30080/tcp"];

test("the ends come first, then the rules hook by hook", async () => {
  const { stdout, code } = await trace("minimal", ...outside, "--node-ip", "192.0.2.10");
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^203\.0\.113\.9 -> 192\.0\.2\.10:30080\/tcp\n {3}50\.0 % {2}forwarded to 10\.244\.1\.5:80, source becomes an address of this node\n {3}50\.0 %/,
  );
  expect(stdout).toContain("\n     70  destination is an address of this node  -> KUBE-NODEPORTS\n");
});

test("what is not known is an assumption of the ends that rest on it", async () => {
  const { stdout } = await trace("minimal", ...outside);
  expect(stdout).toContain(
    "\n  if 192.0.2.10 is not an address of this node:\n    100.0 %  forwarded to 192.0.2.10:30080/tcp, unchanged",
  );
});

test("json is what its schema says, a line for each node and back end", async () => {
  for (const to of ["192.0.2.10:30080/tcp", "10.96.0.10:53/udp", "10.96.0.1/icmp"]) {
    const { stdout } = await trace("minimal", "mixed", "--to", to, "--format", "json");
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(2);
    for (const line of lines) expectSchema("trace", line);
  }
});

test("explain and trace give the same numbers", async () => {
  const explained = JSON.parse((await run(["explain", "30080", "mixed", "--format", "json"], { files })).stdout);
  const traced = JSON.parse(
    (await trace("mixed", "--to", "192.0.2.10:30080/tcp", "--node-ip", "192.0.2.10", "--format", "json")).stdout,
  );
  const shares = (list: { share: number; address?: string; dnat?: string }[]) =>
    list.map(({ share, address, dnat }) => `${share} ${address ?? dnat}`).sort();
  expect(shares(traced.ends)).toEqual(shares(explained.answers[0].shares));
});

test("IPv6 in brackets", async () => {
  const { stdout } = await trace(
    "v6",
    "--from",
    "2001:db8::9",
    "--to",
    "[fd00:50::11]:30080/tcp",
    "--node-ip",
    "fd00:50::11",
  );
  expect(stdout).toMatch(/^2001:db8::9 -> \[fd00:50::11\]:30080\/tcp\n +\d+\.\d % {2}forwarded to \[fd00:10:244:/);
});

describe("wrong usage says what is wrong", () => {
  test.each([
    [["--to", "10.0.0.1"], "--to 10.0.0.1 lacks a port"],
    [["--to", "nowhere:80/tcp"], "nowhere is no IP address"],
    [["--to", "10.0.0.1:80/foo"], "it reads address:port/protocol"],
    [["--to", "10.0.0.1:70000/tcp"], "there is no port 70000"],
    [["--to", "10.0.0.1:80/tcp", "--from", "::1"], "different IP versions"],
    [["--to", "10.0.0.1:80/tcp", "--mark", "x"], "it is a number"],
    [["--to", "10.0.0.1:80/tcp", "--tcp-flags", "FOO"], "flags are FIN"],
    [["--to", "10.0.0.1:80/tcp", "--route", "x"], "it reads CIDR=interface"],
    [["--to", "10.0.0.1:80/tcp", "--state", "odd"], "Allowed choices are new"],
    [[], "trace asks for --to or --all-clients"],
  ])("%j", async (argv, said) => {
    const { code, stderr } = await trace("minimal", ...argv);
    expect(code).toBe(2);
    expect(stderr).toContain(said);
  });
});

test("no capture of that IP version is exit code 1", async () => {
  expect((await trace("v6", "--to", "10.0.0.1:80/tcp")).code).toBe(1);
});
