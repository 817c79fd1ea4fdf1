import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { run } from "../helpers/fake-io.ts";

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/dumps/${name}`, import.meta.url), "latin1");
const fmt = (text: string, ...options: string[]) =>
  run(["fmt", "t", ...options], { files: { t: Buffer.from(text, "latin1") } });

test.each(["1.30.5-nft/mixed", "1.30.5-nft/realistic-node", "1.20.2-legacy/mixed"])(
  "what iptables-save printed stays as it is: %s",
  async (name) => {
    const text = fixture(`${name}/iptables-save.txt`);
    expect((await fmt(text)).stdout).toBe(text);
  },
);

test.each([
  [
    "-A INPUT -p tcp --dport 80 -s 10.0.0.1 -j ACCEPT\n",
    [],
    "-A INPUT -s 10.0.0.1/32 -p tcp -m tcp --dport 80 -j ACCEPT\n",
  ],
  ["[7:420] -A INPUT -j ACCEPT\n", ["--no-counters"], "-A INPUT -j ACCEPT\n"],
  ["-A INPUT -j ACCEPT\r\n", [], "-A INPUT -j ACCEPT\n"],
  ["# kept \xff\xfe\n-A INPUT -j\n", [], "# kept \xff\xfe\n-A INPUT -j\n"],
])("%j", async (text, options, expected) => {
  expect((await fmt(text, ...options)).stdout).toBe(expected);
});

test("formatting twice changes nothing more", async () => {
  const once = (await fmt('-A X -p tcp -m multiport --dports 80,443 -m comment --comment "a \\" b" -j LOG\n')).stdout;
  expect((await fmt(once)).stdout).toBe(once);
});

test("bytes of a dump reach no terminal", async () => {
  const files = { t: "*nat\n# \x1b[2J\nCOMMIT\n" };
  const { stdout } = await run(["fmt", "t"], { files, columns: 80 });
  expect(stdout).toBe("*nat\n# \\x1b[2J\nCOMMIT\n");
});
