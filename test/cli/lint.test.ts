import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { run } from "../helpers/fake-io.ts";
import { expectSchema } from "../helpers/schema.ts";

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/dumps/${name}`, import.meta.url), "utf8");
const healthy = fixture("1.30.5-nft/minimal/iptables-save.txt");
const dual4 = fixture("1.30.5-nft/dualstack/iptables-save.txt");
const dual6 = fixture("1.30.5-nft/dualstack/ip6tables-save.txt");
const broken = healthy
  .replace(/^:KUBE-SEP-LTIVLC7GT4RU5YAH .*\n/m, "")
  .replace(/^-A KUBE-SEP-LTIVLC7GT4RU5YAH .*\n/gm, "");
const listing = "Chain INPUT (policy ACCEPT)\ntarget     prot opt source               destination\n";
const kubeletOnly =
  "*nat\n:PREROUTING ACCEPT [0:0]\n:KUBE-MARK-DROP - [0:0]\n-A KUBE-MARK-DROP -j MARK --set-xmark 0x8000/0x8000\nCOMMIT\n";

describe("endpoints of a Service that the cluster cannot do without", () => {
  const dns = (lines: string): string =>
    `${lines}-A KUBE-SERVICES -d 10.43.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU\n`;
  const vitalOf = async (text: string): Promise<unknown> => {
    const { stdout } = await run(["--format", "json", "a.txt"], { files: { "a.txt": text } });
    const report = JSON.parse(stdout);
    expectSchema("findings", report);
    return report.nodes[0].kubeProxy.vital;
  };

  test("are not shown by an excerpt without the rules of its chain", async () => {
    const excerpt = dns(":KUBE-SVC-TCOU7JCQXEZGVUNU - [0:0]\n");
    expect(await vitalOf(excerpt)).toEqual([{ service: "kube-system/kube-dns", endpoints: null }]);
    const { stdout } = await run(["a.txt"], { files: { "a.txt": excerpt } });
    expect(stdout).toContain("endpoints of kube-system/kube-dns not shown\n");
    expect(stdout).not.toContain("has no endpoint");
  });

  test("are none in a whole capture whose chain has none", async () => {
    const mixed = fixture("1.30.5-nft/mixed/iptables-save.txt");
    expect(await vitalOf(mixed)).toContainEqual({ service: "default/kubernetes", endpoints: 1 });
    const whole = mixed.replace(/^-A KUBE-SVC-NPX46M4PTMTKRN6Y .*-j KUBE-SEP-.*\n/gm, "");
    expect(await vitalOf(whole)).toContainEqual({ service: "default/kubernetes", endpoints: 0 });
  });
});

describe("exit codes", () => {
  test.each([
    ["a healthy node", ["a.txt"], 0],
    ["a broken node", ["b.txt"], 1],
    ["a broken node below the threshold", ["b.txt", "--fail-on", "never"], 0],
    ["no Service rules", ["kubelet.txt"], 1],
    ["a missing file", ["nowhere.txt"], 3],
    ["a folder", ["folder"], 3],
    ["no dump", ["listing.txt"], 3],
    ["an empty file", ["empty.txt"], 3],
    ["a good and a missing file", ["a.txt", "nowhere.txt"], 3],
    ["an unknown option", ["--frobnicate"], 2],
    ["an unknown format", ["--format", "yaml", "a.txt"], 2],
    ["a bad number", ["--max-findings", "many", "a.txt"], 2],
    ["two formats on standard output", ["--format", "json", "--format", "sarif", "a.txt"], 2],
    ["a file that cannot be written", ["--format", "json=/missing/out.json", "a.txt"], 2],
    ["help", ["--help"], 0],
    ["the version", ["--version"], 0],
  ])("%s", async (_name, argv, code) => {
    const files = {
      "a.txt": healthy,
      "b.txt": broken,
      "kubelet.txt": kubeletOnly,
      "folder/a.txt": healthy,
      "listing.txt": listing,
      "empty.txt": "",
    };
    expect((await run(argv, { files })).code).toBe(code);
  });

  test("a bare call on a terminal prints the usage", async () => {
    const { code, stdout, stderr } = await run([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^Usage: iptlint /);
  });

  test("a reader that goes away is no failure", async () => {
    const outcome = await run(["a.txt"], { files: { "a.txt": healthy }, reads: 10 });
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("inputs", () => {
  test("standard input, as - and without an argument", async () => {
    for (const argv of [["-"], []]) {
      const { stdout } = await run(argv, { stdin: healthy });
      expect(stdout).toMatch(/^<stdin>: ok, no findings\n/);
    }
  });

  test("gzip, in one member and in several", async () => {
    const [head, tail] = [healthy.slice(0, 1000), healthy.slice(1000)];
    const plain = await run(["a"], { files: { a: healthy } });
    expect((await run(["a"], { files: { a: gzipSync(healthy) } })).stdout).toBe(plain.stdout);
    const members = Buffer.concat([gzipSync(head), gzipSync(tail)]);
    expect((await run(["a"], { files: { a: members } })).stdout).toBe(plain.stdout);
    expect((await run(["-"], { stdin: gzipSync(healthy) })).code).toBe(0);
  });

  test("gzip that was cut off is judged as far as it goes, and is not fine", async () => {
    const packed = gzipSync(healthy);
    const { code, stdout } = await run(["a"], { files: { a: packed.subarray(0, packed.length / 2) } });
    expect(code).toBe(1);
    expect(stdout).toContain("missing-commit");
  });

  test("damaged gzip is named", async () => {
    const { code, stderr } = await run(["a"], { files: { a: new Uint8Array([0x1f, 0x8b, 1, 2, 3]) } });
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringMatching(/^iptlint: a is damaged gzip/) });
  });

  test("what is no dump is named with the way to capture one, and the others are reported", async () => {
    const { stdout, stderr } = await run(["l.txt", "a.txt"], { files: { "l.txt": listing, "a.txt": healthy } });
    expect(stdout).toMatch(/^a.txt: ok/);
    expect(stderr).toBe(
      "iptlint: l.txt is the output of `iptables -L`, which leaves out interfaces, marks and most match options.\n" +
        "Capture with: iptables-save > dump.txt   (and ip6tables-save for IPv6)\n",
    );
  });

  test("a folder is named", async () => {
    const { stderr } = await run(["dir"], { files: { "dir/a": healthy } });
    expect(stderr).toBe("iptlint: dir is a folder: name the dumps in it.\n");
  });

  test("a hostile file name reaches no terminal", async () => {
    const { stderr } = await run(["\x1b[2J"], {});
    expect(stderr).toBe("iptlint: \\x1b[2J does not exist.\n");
  });
});

describe("nodes", () => {
  /** The line that says what a node is, without its counts of infos. */
  const nodeLines = (stdout: string) =>
    stdout
      .split("\n")
      .flatMap((line) => /^(\S+: (?:ok|\d+ (?:error|warning))|\d+ nodes, \d+ fine)/.exec(line)?.[1] ?? []);

  test("IPv4 and IPv6 of one folder are one node", async () => {
    const { stdout } = await run(["n/4.txt", "n/6.txt"], { files: { "n/4.txt": dual4, "n/6.txt": dual6 } });
    expect(nodeLines(stdout)).toEqual(["n: ok"]);
    expect(stdout).toContain("4.txt: 184 rules of IPv4, captured with iptables-save 1.8.9, nft back end");
  });

  test("two captures of one kind are two nodes", async () => {
    const { stdout } = await run(["a.txt", "b.txt"], { files: { "a.txt": healthy, "b.txt": healthy } });
    expect(nodeLines(stdout)).toEqual(["a.txt: ok", "b.txt: ok", "2 nodes, 2 fine"]);
  });

  test("--node puts files together", async () => {
    const { stdout } = await run(["--node", "node-a=x/4.txt,y/6.txt"], {
      files: { "x/4.txt": dual4, "y/6.txt": dual6 },
    });
    expect(nodeLines(stdout)).toEqual(["node-a: ok"]);
  });
});

describe("output", () => {
  const files = { "a.txt": healthy, "b.txt": broken };

  test("text names the damage, its line and what is missing", async () => {
    const { stdout } = await run(["b.txt"], { files });
    expect(stdout).toMatch(/^b.txt: \d+ errors?/);
    expect(stdout).toContain("KUBE-SEP-LTIVLC7GT4RU5YAH");
  });

  test("json is what its schema says", async () => {
    const { stdout } = await run(["--format", "json", "a.txt", "b.txt", "nowhere"], { files });
    const report = JSON.parse(stdout);
    expectSchema("findings", report);
    expect(report.nodes.map((node: { name: string }) => node.name)).toEqual(["a.txt", "b.txt"]);
    expect(report.unreadable).toEqual([{ file: "nowhere", reason: "does not exist" }]);
  });

  test("several formats at once: files, and text on standard output", async () => {
    const { stdout, written } = await run(["--format", "sarif=out.sarif", "--format", "junit=out.xml", "b.txt"], {
      files,
    });
    expect(stdout).toMatch(/^b.txt: /);
    expect(JSON.parse(written.get("out.sarif") ?? "").version).toBe("2.1.0");
    expect(written.get("out.xml")).toMatch(/^<\?xml /);
  });

  test("--only runs these checks alone", async () => {
    const { stdout, code } = await run(["--only", "duplicate-*", "b.txt"], { files });
    expect({ stdout: stdout.split("\n")[0], code }).toEqual({ stdout: "b.txt: ok, no findings", code: 0 });
    expect(stdout).toMatch(/\n {2}1 error.* not shown: other checks or less sure than was asked for\n/);
  });

  test("--only with a name that no check has is wrong usage", async () => {
    expect(await run(["--only", "missing-hok", "b.txt"], { files })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--only missing-hok: there is no such check; did you mean missing-hook?"),
    });
    expect(await run(["--only", "no-such-*", "b.txt"], { files })).toMatchObject({ code: 2 });
  });

  test("--quiet on a healthy node says nothing", async () => {
    expect(await run(["--quiet", "a.txt"], { files })).toMatchObject({ code: 0, stdout: "", stderr: "" });
  });

  test("colour on a terminal alone, never with NO_COLOR, always when asked", async () => {
    const coloured = async (argv: string[], world: object) =>
      (await run(argv, { files, ...world })).stdout.includes("\x1b[");
    expect(await coloured(["b.txt"], { columns: 100 })).toBe(true);
    expect(await coloured(["b.txt"], {})).toBe(false);
    expect(await coloured(["b.txt"], { columns: 100, env: { NO_COLOR: "1" } })).toBe(false);
    expect(await coloured(["b.txt"], { columns: 100, env: { TERM: "dumb" } })).toBe(false);
    expect(await coloured(["--color", "always", "b.txt"], {})).toBe(true);
    expect(await coloured(["--color", "never", "b.txt"], { columns: 100 })).toBe(false);
  });

  test("text fits the terminal", async () => {
    const { stdout } = await run(["b.txt", "--color", "never"], { files, columns: 60 });
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(60);
  });

  test("an unknown option is told with the one that was meant", async () => {
    const { stderr } = await run(["--fromat", "json"], { files });
    expect(stderr).toMatch(/^iptlint: unknown option '--fromat'\n\(Did you mean --format\?\)/);
  });

  test("progress is shown on a terminal after a second, and gone at the end", async () => {
    const { stderr } = await run(["a.txt"], { files, columns: 80, tick: 2000 });
    expect(stderr).toMatch(/^\r\x1b\[K[^\r\n]+\r/);
    expect(stderr).toMatch(/\r\x1b\[K$/);
    expect((await run(["a.txt"], { files, columns: 80, tick: 1 })).stderr).toBe("");
    expect((await run(["a.txt"], { files, tick: 2000 })).stderr).toBe("");
    expect((await run(["a.txt"], { files, columns: 80, tick: 2000, env: { CI: "true" } })).stderr).toBe("");
  });
});

test("a bug of ours asks for a report and ends with 4", async () => {
  const broken = () => {
    throw new TypeError("of undefined \x1b[2J");
  };
  const { code, stderr } = await run(["a.txt"], { files: { "a.txt": healthy }, clock: broken });
  expect(code).toBe(4);
  expect(stderr).toMatch(/^iptlint \S+: this is a bug in iptlint, not in your dump\. Please report it/);
  expect(stderr).toContain("TypeError: of undefined \\x1b[2J");
});
