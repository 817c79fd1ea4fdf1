import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { whyNoBed } from "./bed.ts";
import { runDifferential } from "./differential.ts";
import { dumpsBelow } from "./dumps.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    generated: { type: "string", default: "120" },
    packets: { type: "string", default: "12" },
    dumps: { type: "string", default: "" },
  },
});

const reason = whyNoBed();
if (reason !== null) {
  process.stderr.write(`skipped: ${reason}\n`);
  process.exit(process.env["REQUIRE_ALL"] === "1" ? 1 : 0);
}
const shared = process.env["IPTLINT_SHARED"];
const fixtures = fileURLToPath(new URL("../../fixtures", import.meta.url));
const dumps = dumpsBelow(shared === undefined ? fixtures : join(shared, "dumps")).filter(({ name }) =>
  name.includes(values.dumps),
);
const started = performance.now();
const result = await runDifferential({
  seed: Number(values.seed),
  dumps,
  generated: Number(values.generated),
  packets: Number(values.packets),
  repeats: 40,
});
for (const refusal of result.refused) process.stdout.write(`not loaded: ${refusal}\n`);
for (const { name, probe, problem } of result.disagreements) {
  process.stdout.write(`${name}: ${JSON.stringify(probe)}\n  ${problem}\n`);
}
const seconds = ((performance.now() - started) / 1000).toFixed(0);
process.stdout.write(
  `${result.packets} packets over ${result.ruleSets} rule sets (${result.generated} generated) in ${seconds} s: ` +
    `${result.disagreements.length} disagreements. Of these ${result.again} second datagrams, ${result.established} ` +
    `established; ${result.answers} answers, all from the address called.\n`,
);
process.exitCode = result.disagreements.length > 0 ? 1 : 0;
