import { writeSync } from "node:fs";
import { version } from "../version.ts";

async function start(argv: readonly string[]): Promise<void> {
  const [{ main }, { systemIo }] = await Promise.all([import("./main.ts"), import("./system-io.ts")]);
  // all is written, and nothing is to be waited for: to end so takes a few milliseconds less than to take everything down
  process.exit(await main([...argv], systemIo(argv)));
}

const argv = process.argv.slice(2);
if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) printVersion();
else void start(argv);

/** Without all that the other answers need. */
function printVersion(): void {
  try {
    writeSync(1, `${version}\n`);
  } catch {
    // nobody reads it
  }
}
