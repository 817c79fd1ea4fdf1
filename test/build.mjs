// Builds dist/: the command as one file, the library, its types, the JSON Schemas.

import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { deserialize } from "node:v8";
import { build } from "esbuild";
import buildNative from "./build-native.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const { version } = JSON.parse(readFileSync("package.json", "utf8"));

/** @type {import("esbuild").BuildOptions} */
const shared = {
  bundle: true,
  format: "esm",
  target: "node20.19",
  minify: true,
  legalComments: "none",
  define: { __VERSION__: JSON.stringify(version) },
  logLevel: "warning",
};

/** Commander loads this for subcommands that are programs of their own; iptlint has none, and it takes milliseconds. */
const withoutChildProcess = {
  name: "without-child-process",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:child_process$/ }, ({ path }) => ({ path, namespace: "nothing" }));
    onLoad({ filter: /.*/, namespace: "nothing" }, () => ({ contents: "" }));
  },
};

const DUMP = "fixtures/dumps/1.30.5-nft/mixed/iptables-save.txt";

/** What is run to have V8 compile the parts; a part is kept as the first one leaves it. */
const WARM_UPS = [
  [DUMP],
  ["explain", "30080", DUMP],
  ["services", DUMP],
  ["trace", DUMP, "--from", "203.0.113.9", "--to", "10.96.0.10:53/udp"],
];

await buildNative();
/** What most runs do not need, and what it exports, all of it functions: its part is loaded when one of them is called. */
const WHEN_ASKED = {
  "grammar/parser.ts": ["parseItem", "parseWords"],
  "grammar/find-wraps.ts": ["findWraps"],
  "grammar/format.ts": ["format"],
  "src/checks/effect.ts": ["effectOf", "effectOn"],
  "src/netfilter/trace/ipset.ts": ["readIpSets"],
  "src/netfilter/trace/trace.ts": ["trace"],
  "src/report/frames.ts": ["findingFrames"],
  "src/report/github.ts": ["renderGithub"],
  "src/report/junit.ts": ["renderJunit"],
  "src/report/markdown.ts": ["renderMarkdown"],
  "src/report/sarif.ts": ["renderSarif"],
};

const whenAsked = {
  name: "when-asked",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.{1,2}\/.*\.(ts|js)$/ }, ({ path, resolveDir, namespace, kind }) => {
      if (namespace === "when-asked") return { path, external: true };
      const module = relative(process.cwd(), resolve(resolveDir, path));
      return module in WHEN_ASKED && kind !== "entry-point" ? { path: module, namespace: "when-asked" } : null;
    });
    onLoad({ filter: /.*/, namespace: "when-asked" }, ({ path }) => {
      const part = `require("./${basename(path, ".ts")}.js")`;
      return {
        contents: WHEN_ASKED[path]
          .map((name) => `export const ${name} = (...args) => ${part}.${name}(...args);`)
          .join("\n"),
      };
    });
  },
};

/** Parts of fewer bytes are compiled together: each for itself takes longer. */
const SMALL = 4096;
const TOGETHER = "together";

/** At the beginning of one of esbuild's parts. */
const IMPORT = /^\s*import\s*(?:(?:(?:\* as )?(?<whole>[\w$]+)|(?<names>\{[^{}]*\}))\s*from\s*)?(?<from>"[^"]+");?/;

rmSync("dist", { recursive: true, force: true });
mkdirSync("dist");
await Promise.all([
  buildCommand(),
  build({
    ...shared,
    entryPoints: { index: "src/index.ts" },
    outdir: "dist",
    platform: "neutral",
    mainFields: ["module", "main"],
  }),
]);
cpSync("src/report/schema", "dist/schema", { recursive: true });

const tsc = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "test/tsconfig.build.json"], {
  stdio: "inherit",
});
process.exitCode = tsc.status ?? 1;

/**
 * A command that starts fast: V8 reads a script to its end before it runs the first line, so the parts of the program lie in another file,
 * and one is compiled when it is first asked for. Beside it lies what V8 made of the parts here; another version of Node ignores that and
 * compiles them itself.
 */
async function buildCommand() {
  const { outputFiles, metafile } = await build({
    ...shared,
    entryPoints: ["src/cli/bin.ts", ...Object.keys(WHEN_ASKED)].map((path) => ({
      in: path,
      out: path === "src/cli/bin.ts" ? "iptlint" : basename(path, ".ts"),
    })),
    outdir: "dist",
    splitting: true,
    chunkNames: "[name]-[hash]",
    platform: "node",
    charset: "ascii",
    plugins: [withoutChildProcess, whenAsked],
    write: false,
    metafile: true,
  });
  const first = partsOfEntry(metafile);
  const places = {};
  const [inline, small] = [[], []];
  let text = "";
  const put = (name, code) => {
    const start = text.length;
    text += `(${code})`;
    places[name] = [start, text.length];
  };
  for (const { path, text: part } of outputFiles) {
    const [name, code] = [`./${basename(path)}`, asFunction(part)];
    if (first.has(name)) inline.push([name, code]);
    else if (code.length < SMALL) small.push([name, code]);
    else put(name, code);
  }
  put(TOGETHER, asObject(small));
  const starter = (compiled) => `"use strict";
const { openSync, readSync } = require("node:fs");
const places = ${JSON.stringify(places)};
const compiled = ${JSON.stringify(compiled)};
const first = ${asObject(inline)};
const small = ${JSON.stringify(small.map(([name]) => name))};
const loaded = {}, scripts = {}, open = {};
let together;
function load(name) {
  if (Object.hasOwn(loaded, name)) return loaded[name];
  const part = partNamed(name);
  if (part === null) return require(name);
  const exported = part(load);
  loaded[name] = exported();
  return loaded[name];
}
function partNamed(name) {
  if (Object.hasOwn(first, name)) return first[name];
  if (Object.hasOwn(places, name)) return run(name);
  if (!small.includes(name)) return null;
  together ??= run(${JSON.stringify(TOGETHER)});
  return together[name];
}
function run(name) {
  const source = readPart("/iptlint.parts", places[name]).latin1Slice();
  const cachedData = compiledPart(name);
  scripts[name] = new (require("node:vm").Script)(source, { filename: name, ...(cachedData && { cachedData }) });
  return scripts[name].runInThisContext();
}
// one place for all that is read: each part is made into a script before the next one is asked for
let room;
function makeRoom() {
  // glibc keeps what is freed for what comes next, once so large a block was freed: mallopt(3), M_MMAP_THRESHOLD
  Buffer.allocUnsafeSlow(1 << 22);
  return Buffer.allocUnsafeSlow(${roomFor(places, compiled.places)});
}
function readPart(file, [from, to]) {
  room ??= makeRoom();
  open[file] ??= openSync(__dirname + file);
  for (let at = from; at < to; ) {
    const count = readSync(open[file], room, at - from, to - at, at);
    if (count === 0) throw new Error(__dirname + file + " is shorter than it was when iptlint was built: install it again");
    at += count;
  }
  return room.subarray(0, to - from);
}
function compiledPart(name) {
  if (compiled.version !== process.version + process.arch || !Object.hasOwn(compiled.places, name)) return null;
  try {
    return readPart("/iptlint.cache", compiled.places[name]);
  } catch {
    return null;
  }
}
load("./iptlint.js");
`;
  writeFileSync("dist/iptlint.parts", text, "latin1");
  const compiled = writeCompiled(starter({ version: "", places: {} }));
  writeFileSync("dist/iptlint.cjs", `#!/usr/bin/env node\n${starter(compiled)}`);
  chmodSync("dist/iptlint.cjs", 0o755);
}

/**
 * A part as a function that takes `require`, runs it and returns what tells its exports. What a part takes from another is a value of its
 * own: esbuild's own form has a getter for each, through which V8 does not see, and which takes a third of the time of a run.
 */
function asFunction(part) {
  let rest = part;
  let head = "";
  for (let found = IMPORT.exec(rest); found !== null; found = IMPORT.exec(rest)) {
    const { whole, names, from } = found.groups;
    const taken = whole ?? names?.replace(/ as /g, ":");
    head += taken === undefined ? `require(${from});` : `const ${taken}=require(${from});`;
    rest = rest.slice(found[0].length);
  }
  // a file of ours that imports no other may stand before what the next one takes from Node
  rest = rest.replace(
    /(?<=[;}])import(?<names>\{[^{}]*\})from(?<from>"node:\w+");/g,
    (...[, names, from]) => `const ${names.replace(/ as /g, ":")}=require(${from});`,
  );
  let exported = "";
  rest = rest.replace(/export\s*\{([^{}]*)\};?\s*$/, (_, list) => {
    exported = list.replace(/([\w$]+) as ([\w$]+)/g, "$2:$1");
    return "";
  });
  rest = rest.replace(/\bimport\(("\.\/[\w-]+\.js")\)/g, "Promise.resolve(require($1))");
  return `function(require){"use strict";${head}${rest}\nreturn()=>({${exported}})}`;
}

function asObject(functions) {
  return `{${functions.map(([name, code]) => `${JSON.stringify(name)}:${code}`).join(",")}}`;
}

/** Bytes of the largest part. */
function roomFor(...places) {
  return Math.max(...places.flatMap((all) => Object.values(all)).map(([from, to]) => to - from));
}

/** Parts that the command's first line needs: they stand in the starter itself. */
function partsOfEntry({ outputs }) {
  const found = new Set(["dist/iptlint.js"]);
  for (const name of found)
    for (const { path, kind } of outputs[name]?.imports ?? []) if (kind === "import-statement") found.add(path);
  return new Set([...found].map((name) => `./${basename(name)}`));
}

/** Runs the command and keeps what V8 compiled on the way. Result: of which Node it is, and where each part begins and ends. */
function writeCompiled(starter) {
  writeFileSync(
    "dist/warm-up.cjs",
    `${starter}
process.once("exit", () => {
  for (const [exported, values] of originals)
    for (const [name, value] of Object.entries(exported()))
      if (value !== values[name]) throw new Error(name + " was given another value, which other parts do not see");
  const all = Object.entries(scripts).map(([name, script]) => [name, script.createCachedData()]);
  writeFileSync(__dirname + "/warm-up.data", require("node:v8").serialize(new Map(all)));
});
`
      .replace("const { openSync,", "const { writeFileSync, openSync,")
      .replace("loaded[name] = exported();", "loaded[name] = exported();\n  originals.push([exported, loaded[name]]);")
      .replace("const loaded =", "const originals = [];\nconst loaded ="),
  );
  const compiled = new Map();
  for (const args of WARM_UPS) {
    const { stderr } = spawnSync(process.execPath, ["dist/warm-up.cjs", ...args], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    if (stderr.length > 0) throw new Error(`dist/warm-up.cjs ${args.join(" ")}: ${stderr}`);
    for (const [name, data] of deserialize(readFileSync("dist/warm-up.data")))
      if (!compiled.has(name)) compiled.set(name, data);
  }
  const places = {};
  let at = 0;
  for (const [name, data] of compiled) {
    places[name] = [at, at + data.length];
    at += data.length;
  }
  writeFileSync("dist/iptlint.cache", Buffer.concat([...compiled.values()]));
  rmSync("dist/warm-up.cjs");
  rmSync("dist/warm-up.data");
  return { version: process.version + process.arch, places };
}
