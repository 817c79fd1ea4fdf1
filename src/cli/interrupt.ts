import { runInNewContext } from "node:vm";

/**
 * Does work in one go that Ctrl-C is to end, and tells of it before the program ends by SIGINT as it always does. A handler of SIGINT
 * would not be called before the work is done; node:vm has a thread that stops it from outside, wherever it is. Not for what may wait for
 * input: that thread cannot wake it.
 */
export function interruptibly<T>(work: () => T, onInterrupt: () => void): T {
  try {
    return runInNewContext("work()", { work }, { breakOnSigint: true, displayErrors: false });
  } catch (error) {
    if (!isInterruption(error)) throw error;
    onInterrupt();
    process.kill(process.pid, "SIGINT");
    // what a shell says of a program that SIGINT ended, where the signal is only on its way
    process.exit(130);
  }
}

/** It is an Error of the script's own world, not of ours. */
function isInterruption(error: unknown): boolean {
  return (
    typeof error === "object" && error !== null && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_INTERRUPTED"
  );
}
