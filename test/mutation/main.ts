import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Truth } from "../kubernetes/helpers/truth.ts";
import { Judge, type Verdict } from "./judge.ts";
import { mutantsOf } from "./mutants.ts";
import { siteOf } from "./probes.ts";
import { inShort, printSummary, summarise } from "./summary.ts";

/** Arguments: folders of clean dumps with a truth.json; `--every N` takes each N-th mutant, `--six` the IPv6 text. */
const args = process.argv.slice(2);
const value = (flag: string): string | undefined => (args.includes(flag) ? args[args.indexOf(flag) + 1] : undefined);
const every = Number(value("--every") ?? 1);
const family = args.includes("--six") ? 6 : 4;
const folders = args.filter((arg, index) => !arg.startsWith("--") && !args[index - 1]?.startsWith("--every"));

const read = (folder: string, name: string): Buffer => {
  try {
    return readFileSync(join(folder, name));
  } catch {
    return gunzipSync(readFileSync(join(folder, `${name}.gz`)));
  }
};

const all: Verdict[] = [];
for (const folder of folders) {
  const text = read(folder, family === 4 ? "iptables-save.txt" : "ip6tables-save.txt").toString("latin1");
  const truth = JSON.parse(read(folder, "truth.json").toString()) as Truth;
  const judge = new Judge(text, siteOf(truth, family));
  let number = 0;
  const verdicts: Verdict[] = [];
  for (const mutant of mutantsOf(text)) if (number++ % every === 0) verdicts.push(judge.judge(mutant));
  process.stderr.write(`${folder} IPv${family}, ${number} mutants: ${inShort(summarise(verdicts))}\n`);
  all.push(...verdicts);
}
process.stdout.write(printSummary(summarise(all), args.includes("--all")));
