import type { Config } from "../config/config.ts";
import { ConfigError, type TextFile } from "../config/config-error.ts";
import { configName, readConfig } from "../config/read-config.ts";
import { type Baseline, readBaseline } from "../suppress/baseline.ts";
import { reasonOf } from "./inputs.ts";
import { type Io, UsageError } from "./io.ts";

/**
 * The configuration: of the file that was named, else the first `iptlint.config.json` from the working directory upwards. Never from the
 * folder of a dump: a dump is other people's.
 * @param named - `false`: none is wanted
 * @throws {UsageError} when it cannot be used
 */
export function loadConfig(named: string | false | undefined, io: Io): Config | null {
  if (named === false) return null;
  if (named !== undefined) return understood(() => readConfig(readText("--config", named, io)));
  const depth = io.workingFolder.split(/[\\/]/).filter((part) => part !== "").length;
  for (let up = 0; up <= depth; up++) {
    const name = `${"../".repeat(up)}${configName}`;
    if (!io.exists(name)) continue;
    return understood(() => readConfig(readText("the configuration", name, io)));
  }
  return null;
}

/** @throws {UsageError} when it cannot be used */
export function loadBaseline(name: string, io: Io): Baseline {
  return understood(() => readBaseline(readText("--baseline", name, io)));
}

function readText(what: string, name: string, io: Io): TextFile {
  try {
    return { name, text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(io.read(name)) };
  } catch (error) {
    const why = reasonOf(error);
    throw new UsageError(`${what} ${name} ${why.startsWith("is a folder") ? "is a folder" : why}`);
  }
}

function understood<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(...error.problems);
    throw error;
  }
}
