import { RequestError } from "../explain/request-error.ts";
import { forTerminal } from "../report/escape.ts";
import { version } from "../version.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { ClosedPipeError, type Io, loaded, UsageError } from "./io.ts";
import { areDumps, presets } from "./plain.ts";

/**
 * The whole command line.
 * @param argv - the arguments behind the program's name
 * @returns the exit code; never throws
 */
export async function main(argv: readonly string[], io: Io): Promise<ExitCode> {
  try {
    return await run(argv, io);
  } catch (error) {
    // Nobody reads the output any more, so nobody reads about it either.
    if (error instanceof ClosedPipeError) return exitCodes.ok;
    return reportBug(error, io);
  }
}

async function run(argv: readonly string[], io: Io): Promise<ExitCode> {
  try {
    if (areDumps(argv) && (argv.length > 0 || !io.stdinIsTerminal)) {
      const { lintCommand } = await loaded(import("./lint-command.ts"), io);
      return lintCommand(argv, presets, io);
    }
    const { runProgram } = await import("./program.ts");
    return await runProgram(argv, io);
  } catch (error) {
    if (error instanceof UsageError || error instanceof RequestError) {
      const problems = error instanceof UsageError ? error.problems : [error.message];
      const lines = problems.map((problem) => `iptlint: ${forTerminal(problem)}\n`);
      io.stderr.write(`${lines.join("")}Try: iptlint --help\n`);
      return exitCodes.usage;
    }
    throw error;
  }
}

function reportBug(error: unknown, io: Io): ExitCode {
  const stack = error instanceof Error ? (error.stack ?? String(error)) : String(error);
  const lines = stack.split("\n").map((line) => forTerminal(line));
  try {
    io.stderr.write(
      `iptlint ${version}: this is a bug in iptlint, not in your dump. Please report it with the command and, if you may, the dump:\n${lines.slice(0, 8).join("\n")}\n`,
    );
  } catch {
    // There is nowhere left to say it.
  }
  return exitCodes.bug;
}
