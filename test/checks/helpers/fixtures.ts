import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../../src/config/config.ts";
import { readConfig } from "../../../src/config/read-config.ts";

const root = join(import.meta.dirname, "../../../fixtures/checks");

/** A marked dump. */
export interface CheckFixture {
  /** Folder: id of the check. */
  readonly check: string;
  /** File name without extension; `ok-…` is quiet. */
  readonly name: string;
  /** From the repository's root. */
  readonly path: string;
  readonly text: string;
  readonly isQuiet: boolean;
  /** What the dump shows, in a sentence. */
  readonly scenario: string;
  /** What is known of the cluster: `# Config: {…}` in a line; `null`: nothing. */
  readonly config: Config | null;
}

/** A finding that a marker asks for: `# expect CHECK: beginning of the message` above the line. */
export interface Expected {
  readonly line: number;
  readonly checkId: string;
  readonly message: string;
}

export function checkFixtures(): readonly CheckFixture[] {
  return readdirSync(root)
    .sort()
    .flatMap((check) =>
      readdirSync(join(root, check))
        .sort()
        .map((file) => {
          const text = readFileSync(join(root, check, file), "utf8");
          const name = file.replace(/\.iptables$/, "");
          return {
            check,
            name,
            path: `fixtures/checks/${check}/${file}`,
            text,
            isQuiet: name.startsWith("ok-"),
            scenario: /^# Scenario: (.+)$/m.exec(text)?.[1] ?? "",
            config: configIn(text),
          };
        }),
    );
}

function configIn(text: string): Config | null {
  const [, config] = /^# Config: (.+)$/m.exec(text) ?? [];
  return config === undefined ? null : readConfig({ name: "iptlint.config.json", text: config });
}

export function expectedIn(text: string): readonly Expected[] {
  const found: Expected[] = [];
  let pending: Omit<Expected, "line">[] = [];
  for (const [i, line] of text.split("\n").entries()) {
    const marker = /^# expect ([a-z-]+): (.+)$/.exec(line);
    if (marker !== null) {
      pending.push({ checkId: marker[1] ?? "", message: marker[2] ?? "" });
      continue;
    }
    found.push(...pending.map((each) => ({ line: i + 1, ...each })));
    pending = [];
  }
  return found;
}
