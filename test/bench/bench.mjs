// npm run bench [-- --quick] [-- --json FILE]: whole processes, interleaved; medians, ratios, peak memory.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { kubeProxyDump } from "./kube-proxy.mjs";
import { interleave, restoreCommand } from "./measure.mjs";
import { nasty, randomRules } from "./odd.mjs";

const quick = process.argv.includes("--quick");
const jsonAt = process.argv.indexOf("--json");
const folder = mkdtempSync(join(tmpdir(), "iptlint-bench-"));
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const command = here("../../dist/iptlint.cjs");
const dump = (name, text) => {
  const file = join(folder, `${name}.txt`);
  writeFileSync(file, text);
  return file;
};
const ours = (...args) => ({ argv: [process.execPath, command, ...args] });
const rows = [];
const results = {};
const row = (work, value, must, aim, unit = "") => rows.push({ work, value, must, aim, unit });

async function measure(group, commands, rounds) {
  const present = Object.fromEntries(Object.entries(commands).filter(([, each]) => each !== null));
  const result = await interleave(present, rounds);
  for (const [name, each] of Object.entries(result)) {
    results[`${group}: ${name}`] = each;
    if (![0, 1].includes(each.code)) throw new Error(`${group}: ${name} ended with ${each.code}`);
  }
  return (name) => result[name];
}
const over = (a, b) => (a && b ? a.seconds / b.seconds : null);

try {
  const rounds = quick ? 3 : 7;
  const trace = ["--from", "203.0.113.9", "--to", "192.0.2.10:30080/tcp", "--node-ip", "192.0.2.10"];

  const small = dump("30", kubeProxyDump(34));
  const start = await measure(
    "start",
    { node: { argv: [process.execPath, "-e", "0"] }, version: ours("--version"), lint: ours(small) },
    quick ? 7 : 21,
  );
  row("--version / node -e 0", over(start("version"), start("node")), 1.5, 1.2);
  row("lint of 30 rules / node -e 0", over(start("lint"), start("node")), 3, 2);

  const one = dump("1k", kubeProxyDump(1000));
  const oneK = await measure(
    "1k",
    { lint: ours(one), legacy: restoreCommand("legacy", one), nft: restoreCommand("nft", one) },
    quick ? 5 : 15,
  );
  row("lint 1k / legacy --test", over(oneK("lint"), oneK("legacy")), null, null);
  row("lint 1k / nft --test", over(oneK("lint"), oneK("nft")), null, null);

  const ten = dump("10k", kubeProxyDump(10_000));
  const tenK = await measure(
    "10k",
    { lint: ours(ten), legacy: restoreCommand("legacy", ten), nft: restoreCommand("nft", ten) },
    quick ? 3 : 15,
  );
  row("lint 10k / legacy --test", over(tenK("lint"), tenK("legacy")), 2.5, 1.8);
  row("lint 10k / nft --test", over(tenK("lint"), tenK("nft")), null, null);

  const hundred = dump("100k", kubeProxyDump(100_000));
  const kinds = [
    ["1.24 and later, all comments", { comments: true }],
    ["1.32 and later with nfacct", { nfacct: true }],
    ["1.32 and later with nfacct, all comments", { nfacct: true, comments: true }],
    ["1.20 and earlier", { layout: "xlb" }],
    ["1.20 and earlier, all comments", { layout: "xlb", comments: true }],
  ];
  const others = kinds.flatMap(([name, kind], i) => {
    const file = dump(`100k-${i}`, kubeProxyDump(100_000, kind));
    return [[name, ours(file)], ...(quick ? [] : [[`${name}: nft`, restoreCommand("nft", file)]])];
  });
  const hundredK = await measure(
    "100k",
    {
      lint: ours(hundred),
      ...Object.fromEntries(others),
      services: ours("services", hundred),
      explain: ours("explain", "30080", hundred),
      trace: ours("trace", hundred, ...trace),
      ast: ours("ast", hundred),
      nft: restoreCommand("nft", hundred),
      legacy: restoreCommand("legacy", hundred),
      floor: { argv: [process.execPath, here("floor.mjs"), hundred] },
    },
    rounds,
  );
  for (const tool of ["nft", "legacy"]) {
    row(`lint 100k / ${tool} --test`, over(hundredK("lint"), hundredK(tool)), 0.6, 0.4);
    for (const work of ["explain", "services", "trace"])
      row(`${work} 100k / ${tool} --test`, over(hundredK(work), hundredK(tool)), 0.5, 0.35);
    row(`ast 100k / ${tool} --test`, over(hundredK("ast"), hundredK(tool)), null, null);
  }
  if (!quick)
    for (const [name] of kinds)
      row(`lint 100k, ${name} / nft --test`, over(hundredK(name), hundredK(`${name}: nft`)), 0.6, 0.4);
  row("lint 100k / read and split into words", over(hundredK("lint"), hundredK("floor")), null, null);

  const random = dump("random", randomRules(100_000));
  const mixed = await measure("100k random", { lint: ours(random), nft: restoreCommand("nft", random) }, rounds);
  row("lint of 100k random rules / nft --test", over(mixed("lint"), mixed("nft")), 1.2, 0.8);

  // of these it is promised, of the others it is the aim
  const promised = [
    ...["one chain", "many chains", "deep jumps", "diamonds of jumps", "long lines", "many shapes"],
    ...["many findings", "duplicates", "one huge comment"],
  ];
  const perByte = (text, seconds) => (seconds - start("lint").seconds) / text.length;
  const ordinary = kubeProxyDump(100_000);
  for (const [name, make] of Object.entries(nasty)) {
    if (quick && !["diamonds of jumps", "many findings", "one big Service"].includes(name)) continue;
    const text = make(100_000);
    const file = dump("nasty", text);
    const result = await interleave({ lint: ours(file), ordinary: ours(hundred) }, quick ? 1 : 5);
    results[`nasty: ${name}`] = result.lint;
    const ratio = perByte(text, result.lint.seconds) / perByte(ordinary, result.ordinary.seconds);
    const bounds = promised.includes(name) ? [3, null] : [null, 3];
    if (name !== "noise") row(`${name}: time per byte / ordinary`, ratio, ...bounds);
  }

  if (!quick) {
    const million = dump("1M", kubeProxyDump(1_000_000));
    const once = (each) => each && { ...each, rounds: 1 };
    const big = await measure(
      "1M",
      {
        lint: ours(million),
        floor: { argv: [process.execPath, here("floor.mjs"), million] },
        nft: once(restoreCommand("nft", million)),
        legacy: once(restoreCommand("legacy", million)),
      },
      3,
    );
    row("lint 1M / nft --test", over(big("lint"), big("nft")), 0.08, 0.04);
    row("lint 1M / legacy --test", over(big("lint"), big("legacy")), null, null);
    row("lint 1M / read and split into words", over(big("lint"), big("floor")), 6, 4);
    row("peak memory at 1M", big("lint").megabytes, 600, 400, " MB");
    row("time at 1M / time at 100k", over(big("lint"), hundredK("lint")), 12, 10);
  }

  console.log(`Node ${process.version}, ${cpus().length} processors; medians of whole processes, interleaved.\n`);
  console.log("| work | measured | must | aim |\n|---|---|---|---|");
  for (const { work, value, must, aim, unit } of rows)
    console.log(
      `| ${work} | ${value === null ? "not measured here" : value.toFixed(unit ? 0 : 2) + unit} | ${must === null ? "" : must + unit} | ${aim === null ? "" : aim + unit} |`,
    );
  console.log("\n| process | seconds | peak MB |\n|---|---|---|");
  for (const [name, { seconds, megabytes }] of Object.entries(results))
    console.log(`| ${name} | ${seconds.toFixed(3)} | ${megabytes === null ? "" : megabytes.toFixed(0)} |`);
  if (jsonAt > 0)
    writeFileSync(process.argv[jsonAt + 1], `${JSON.stringify({ node: process.version, rows, results }, null, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
