import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { run } from "../helpers/fake-io.ts";
import { expectSchema } from "../helpers/schema.ts";

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/dumps/${name}`, import.meta.url), "utf8");
const files = {
  minimal: fixture("1.30.5-nft/minimal/iptables-save.txt"),
  mixed: fixture("1.30.5-nft/mixed/iptables-save.txt"),
  old: fixture("1.20.2-legacy/mixed/iptables-save.txt"),
  "dual/4": fixture("1.30.5-nft/dualstack/iptables-save.txt"),
  "dual/6": fixture("1.30.5-nft/dualstack/ip6tables-save.txt"),
  none: "*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n",
};
const truth = JSON.parse(fixture("1.30.5-nft/mixed/truth.json"));

describe("services", () => {
  test("the table of a small node", async () => {
    const { stdout, code } = await run(["services", "minimal"], { files });
    expect(code).toBe(0);
    expect(stdout).toBe(`SERVICE PORT                 PROTO  CLUSTER IP     NODEPORT  ENDPOINTS
default/my-nodeport-service  tcp    10.96.0.10:80  30080     10.244.1.5:80 10.244.2.7:80
1 service port
`);
  });

  test.each([40, 60, 80, 100, 160])("fits %i columns and cuts no name", async (columns) => {
    const { stdout } = await run(["services", "mixed"], { files, columns });
    const names = truth.servicePorts.map(({ id }: { id: string }) => id);
    for (const name of names) expect(stdout).toContain(name);
    const wide = stdout
      .replace(/\x1b\[\d+m/g, "")
      .split("\n")
      .filter((line) => line.length > columns);
    // A line that is wider holds a name that is wider, alone.
    for (const line of wide) expect(names).toContain(line);
  });

  test("json is what its schema says, for every era and both IP versions", async () => {
    const { stdout } = await run(["services", "--format", "json", "mixed", "old", "dual/4", "dual/6"], { files });
    const list = JSON.parse(stdout);
    expectSchema("services", list);
    expect(new Set(list.servicePorts.map(({ node }: { node: string }) => node))).toEqual(
      new Set(["mixed", "old", "dual"]),
    );
  });

  test("json does not say that a Service port has no endpoints where an excerpt lacks the rules of its chain", async () => {
    const isOther = (line: string): boolean => !/^-A KUBE-SVC-/.test(line);
    const whole = files.minimal.split("\n").filter(isOther).join("\n");
    const excerpt = whole.split("\n").filter((line) => /^-A KUBE-(?:SERVICES|NODEPORTS)|^:KUBE-SVC/.test(line));
    const endpointsIn = async (text: string): Promise<unknown> => {
      const { stdout } = await run(["services", "--format", "json", "a"], { files: { a: text } });
      expectSchema("services", JSON.parse(stdout));
      return JSON.parse(stdout).servicePorts[0].clusterEndpoints;
    };
    expect(await endpointsIn(whole)).toEqual([]);
    expect(await endpointsIn(`${excerpt.join("\n")}\n`)).toBeNull();
  });

  test("json points at the lines that show a Service port", async () => {
    const { stdout } = await run(["services", "--format", "json", "minimal"], { files });
    const [port] = JSON.parse(stdout).servicePorts;
    const lines = files.minimal.split("\n");
    expect(port.evidence.length).toBeGreaterThan(3);
    for (const line of port.evidence) expect(lines[line - 1]).toMatch(/BD5WSPTUEZLLHMHD/);
  });

  test.each([
    [["--namespace", "prod"], (port: { namespace: string }) => port.namespace === "prod"],
    [["--node-port", "30080"], (port: { nodePort: number }) => port.nodePort === 30080],
    [["--no-endpoints"], (port: { hasEndpoints: boolean }) => !port.hasEndpoints],
  ])("%j", async (argv, wanted) => {
    const { stdout } = await run(["services", "--format", "json", "mixed", ...argv], { files });
    const found = JSON.parse(stdout).servicePorts;
    expect(found.length).toBeGreaterThan(0);
    expect(found.every(wanted)).toBe(true);
  });

  test("nothing found is exit code 1", async () => {
    expect(await run(["services", "none"], { files })).toMatchObject({ code: 1, stdout: "" });
    expect(await run(["services", "mixed", "--namespace", "nowhere"], { files })).toMatchObject({
      code: 1,
      stdout: "",
    });
  });
});

describe("ast", () => {
  test("each line is what the schema says, and the nodes tile the text", async () => {
    const text = `${files.mixed}\n-A X -j\n# free\n  \nnoise\n[1:2] -A INPUT ! -s 10.0.0.0/8 -m nosuch --thing a -g Y\n-D X 3\n`;
    const { stdout, code } = await run(["ast", "t"], { files: { t: text } });
    expect(code).toBe(0);
    const [head, ...nodes] = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    for (const node of [head, ...nodes]) expectSchema("ast", node);
    let at = 0;
    for (const { offset, length } of nodes) {
      expect(offset).toBe(at);
      at += length;
    }
    expect(at).toBe(head.bytes);
  });
});

describe("checks", () => {
  test("lists every check with its severity, and explains one", async () => {
    const { stdout } = await run(["checks"]);
    expect(stdout).toMatch(/^error +undeclared-chain +\S/m);
    const one = await run(["checks", "undeclared-chain"]);
    for (const title of ["why", "evidence", "confirm", "remedy"]) expect(one.stdout).toContain(`\n${title}\n  `);
  });

  test("an unknown id is wrong usage, with the one that was meant", async () => {
    const { code, stderr } = await run(["checks", "undeclared-chian"]);
    expect(code).toBe(2);
    expect(stderr).toContain("did you mean undeclared-chain?");
  });
});
