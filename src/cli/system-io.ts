import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, statSync, writeSync } from "node:fs";
import { interruptibly } from "./interrupt.ts";
import { ClosedPipeError, type Io, type Output } from "./io.ts";
import { ReadAhead, SMALL } from "./read-ahead.ts";

/** The real world: files, the standard streams, the clock. `args`: of the command, which may name dumps. */
export function systemIo(args: readonly string[]): Io {
  const ahead = new ReadAhead(args);
  return {
    read: (path) => tuned(ahead.take(path) ?? readFileSync(path)),
    readAhead: ahead.done,
    exists: (path) => existsSync(path),
    get workingFolder() {
      try {
        return process.cwd();
      } catch {
        return "";
      }
    },
    readStdin: () => tuned(readStdin()),
    get stdinIsTerminal() {
      return isTerminal(0);
    },
    writeFile,
    gunzip: (bytes) => {
      const { constants, gunzipSync } = process.getBuiltinModule("node:zlib");
      return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
    },
    stdout: output(1),
    stderr: output(2),
    env: process.env,
    interruptibly,
    // the global performance would have to be loaded
    now: () => process.uptime() * 1000,
  };
}

function output(descriptor: 1 | 2): Output {
  const isOnTerminal = isTerminal(descriptor);
  return {
    write: (text) => writeAll(descriptor, text),
    isTerminal: isOnTerminal,
    // a terminal whose size nobody has set has none
    columns: (isOnTerminal && (descriptor === 1 ? process.stdout : process.stderr).columns) || null,
  };
}

/** node:tty brings all of Node's streams along: it is loaded where something may be a terminal. */
function isTerminal(descriptor: number): boolean {
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isCharacterDevice() || stat.rdev === statSync("/dev/null", { throwIfNoEntry: false })?.rdev) return false;
    return process.getBuiltinModule("node:tty").isatty(descriptor);
  } catch {
    return false;
  }
}

/**
 * Most dumps are read before V8 has optimised much, and while it does, it takes the other processor. For a small one it is to wait longer,
 * for a large one to inline less. Measured with the benchmark: a tenth less time of both. Not for a tiny dump, which is read before node:v8
 * is loaded, nor for later releases, which have a compiler in between and other flags.
 */
function tuned<T extends Uint8Array>(bytes: T): T {
  if (bytes.length > SMALL && process.versions.node.startsWith("20.")) {
    const { setFlagsFromString } = process.getBuiltinModule("node:v8");
    setFlagsFromString(bytes.length > LARGE ? FLAG_FOR_LARGE : FLAG_FOR_SMALL);
  }
  return bytes;
}

/** Bytes. */
const LARGE = 1 << 21;

const FLAG_FOR_SMALL = "--interrupt-budget=400000";
const FLAG_FOR_LARGE = "--max-inlined-bytecode-size-cumulative=150";

/** Written at once, so that the process can be stopped and a broken pipe be seen where it happens. */
function writeAll(descriptor: number, text: string | Uint8Array): void {
  const bytes = Buffer.from(text as string);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (error) {
      if (codeOf(error) === "EPIPE") throw new ClosedPipeError("nobody reads the output");
      if (codeOf(error) !== "EAGAIN") throw error;
      pause();
    }
  }
}

function readStdin(): Uint8Array {
  const chunks: Buffer[] = [];
  for (let size = 1 << 16; ; size = Math.min(size * 2, 1 << 24)) {
    const chunk = Buffer.allocUnsafe(size);
    const length = readSome(chunk);
    if (length === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, length));
  }
}

function readSome(chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(0, chunk);
    } catch (error) {
      if (codeOf(error) === "EOF") return 0;
      if (codeOf(error) !== "EAGAIN") throw error;
      pause();
    }
  }
}

function writeFile(path: string, text: Iterable<string>): void {
  const descriptor = openSync(path, "w");
  try {
    for (const piece of text) writeAll(descriptor, piece);
  } finally {
    closeSync(descriptor);
  }
}

/** The other end of a pipe is not ready yet. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
