import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Folders from the bottom up: each imports only itself and those before it. Files of src/ itself are the pipelines. */
const layers = [
  "grammar",
  "src/netfilter",
  "src/kubernetes",
  "src/checks",
  "src/config",
  "src/suppress",
  "src/report",
  "src",
  "src/explain",
  "src/web",
  "src/cli",
];
/** Pipelines that others stand on: `src` and `src/explain` are one layer. */
const pipelines = new Set(["src", "src/explain"]);
/** What needs the pipelines, but not each other. */
const programs = new Set(["src/web", "src/cli"]);

/** Libraries by the folders that may import them. Node's own modules and commander are for the command line alone. */
const libraries: Readonly<Record<string, readonly string[]>> = {
  chevrotain: ["grammar"],
  "fastest-levenshtein": ["grammar"],
  "@humanwhocodes/momoa": ["src/config"],
  "@noble/hashes": ["src/kubernetes"],
  "get-east-asian-width": ["src/report"],
  commander: ["src/cli"],
};

const files = ["grammar", "src"].flatMap((folder) =>
  readdirSync(resolve(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name}`)
    .filter((name) => name.endsWith(".ts")),
);

function layerOf(file: string): string {
  const folders = layers.filter((layer) => file.startsWith(`${layer}/`));
  return folders.sort((a, b) => b.length - a.length)[0] ?? "";
}

function importsOf(file: string): string[] {
  const text = readFileSync(resolve(root, file), "utf8");
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^;"]*?from\s+"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)|\bimport\s+"([^"]+)"/g,
  );
  return [...found].map(([, from, dynamic, bare]) => from ?? dynamic ?? bare ?? "");
}

function mayImport(from: string, to: string): boolean {
  if (pipelines.has(from) && pipelines.has(to)) return true;
  if (programs.has(from) && programs.has(to)) return from === to;
  return layers.indexOf(to) <= layers.indexOf(from);
}

test("imports point downwards", () => {
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter((name) => name.startsWith("."))
      .map((name) => relative(root, resolve(root, dirname(file), name)))
      .filter((target) => !mayImport(layerOf(file), layerOf(target)))
      .map((target) => `${file} imports ${target}`),
  );
  expect(wrong).toEqual([]);
});

test("imports name files with their extension", () => {
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter((name) => name.startsWith(".") && !/\.(?:ts|json)$/.test(name))
      .map((name) => `${file} imports ${name}`),
  );
  expect(wrong).toEqual([]);
});

test("each library is imported by its folder alone", () => {
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter((name) => !name.startsWith("."))
      .filter((name) => {
        if (name.startsWith("node:")) return layerOf(file) !== "src/cli";
        const library = name.startsWith("@") ? name.split("/").slice(0, 2).join("/") : (name.split("/")[0] ?? "");
        return !libraries[library]?.includes(layerOf(file));
      })
      .map((name) => `${file} imports ${name}`),
  );
  expect(wrong).toEqual([]);
});

test("everything but the command line compiles without the types of Node and of browsers", () => {
  const tsc = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "test/tsconfig.core.json"], {
    cwd: root,
    encoding: "utf8",
  });
  expect(tsc.stdout).toBe("");
});

test("no file is longer than 400 lines, tables of data aside", () => {
  const data =
    /^grammar\/vocabulary\/|^grammar\/values\/(?:services|.*-names?)\.ts$|^src\/kubernetes\/(?:owners|templates\/)/;
  const long = files
    .filter((file) => !data.test(file))
    .map((file) => [file, readFileSync(resolve(root, file), "utf8").split("\n").length] as const)
    .filter(([, lines]) => lines > 401)
    .map(([file, lines]) => `${file}: ${lines} lines`);
  expect(long).toEqual([]);
});

test("the lock file names no place to fetch from, and everything that npm ci asks for", () => {
  const text = readFileSync(resolve(root, "package-lock.json"), "utf8");
  expect(text).not.toContain('"resolved"');
  const { packages } = JSON.parse(text);
  const optional = Object.values<{ optionalDependencies?: object }>(packages).flatMap((each) =>
    Object.keys(each.optionalDependencies ?? {}),
  );
  expect(optional.filter((name) => packages[`node_modules/${name}`] === undefined)).toEqual([]);
});

test("an installed package needs no other", () => {
  const manifest = JSON.parse(readFileSync(resolve(root, "package.json"), "utf8"));
  expect(manifest.dependencies ?? {}).toEqual({});
  const inexact = Object.entries<string>(manifest.devDependencies).filter(
    ([, version]) => !/^\d+\.\d+\.\d+/.test(version),
  );
  expect(inexact).toEqual([]);
});
