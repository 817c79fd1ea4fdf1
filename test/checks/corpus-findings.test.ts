import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { recognise } from "../../grammar/recognise.ts";
import { lint } from "../../src/lint.ts";
import { describeShared, sharedPath } from "../helpers/shared.ts";

/** Each line was looked at and is right: the text, its findings by severity and check, the line of the first. A change must be justified. */
describeShared("public texts", () => {
  test("have the errors and warnings that were looked at, and no others", () => {
    const lines: string[] = [];
    for (const name of readdirSync(sharedPath("corpus")).sort()) {
      if (!name.endsWith(".txt")) continue;
      const bytes = readFileSync(sharedPath(`corpus/${name}`));
      if (recognise(bytes) !== null) continue;
      const findings = lint([{ name, texts: [{ name, bytes }] }]).nodes.flatMap((node) => node.findings);
      const counts = new Map<string, { count: number; line: number }>();
      for (const { severity, checkId, location } of findings) {
        if (severity === "info") continue;
        const known = counts.get(`${severity} ${checkId}`);
        if (known === undefined) counts.set(`${severity} ${checkId}`, { count: 1, line: location.line });
        else known.count++;
      }
      for (const [what, { count, line }] of counts) lines.push(`${name}: ${what} ${count}, first in line ${line}`);
    }
    expect(`${lines.join("\n")}\n`).toMatchSnapshot();
  });
});
