import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createProgram } from "../src/cli/program.ts";
import { run } from "./helpers/fake-io.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const text = (name: string) => readFileSync(resolve(root, name), "utf8");

/** Files that a command line names, as the command sees them. */
function filesIn(command: readonly string[]): Record<string, Uint8Array> {
  const names = command.filter((word) => word.startsWith("fixtures/"));
  return Object.fromEntries(names.map((name) => [name, readFileSync(resolve(root, name))]));
}

test("the outputs in the README are those of the commands above them", async () => {
  const readme = text("README.md");
  let expected = "";
  let at = 0;
  for (const block of readme.matchAll(/```console\n\$ iptlint (.*)\n([\s\S]*?)```/g)) {
    const command = (block[1] ?? "").split(" ");
    const { stdout } = await run(command, { files: filesIn(command) });
    expected += `${readme.slice(at, block.index)}\`\`\`console\n$ iptlint ${block[1]}\n${stdout}\`\`\``;
    at = block.index + block[0].length;
  }
  expected += readme.slice(at);
  expect(at).toBeGreaterThan(0);
  await expect(expected).toMatchFileSnapshot(resolve(root, "README.md"));
});

test("the README names every command, format and exit code", () => {
  const readme = text("README.md");
  const program = createProgram({} as never, () => {});
  for (const command of program.commands) expect(readme).toContain(`iptlint ${command.name()}`);
  for (const format of ["text", "concise", "json", "sarif", "github", "markdown", "junit"])
    expect(readme).toContain(`\`${format}\``);
});

test("CONTRIBUTING gives every dependency a reason and every folder a place", () => {
  const contributing = text("CONTRIBUTING.md");
  const { devDependencies } = JSON.parse(text("package.json"));
  for (const name of Object.keys(devDependencies)) expect(contributing).toContain(`**${name}**`);
  for (const folder of [
    "grammar",
    "netfilter",
    "kubernetes",
    "checks",
    "suppress",
    "report",
    "explain",
    "cli",
    "fixtures",
    "test",
  ]) {
    expect(contributing).toMatch(new RegExp(`^ +${folder}/ `, "m"));
  }
});

test("links between the pages lead somewhere", () => {
  for (const page of ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]) {
    for (const [, target] of text(page).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)) {
      expect(() => readFileSync(resolve(root, target ?? ""))).not.toThrow();
    }
  }
});

test("the project speaks of itself alone", () => {
  for (const page of ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]) {
    expect(text(page)).not.toMatch(/\bissue \d+\b/i);
  }
});
