import { gunzipSync } from "node:zlib";
import { ClosedPipeError, type Io } from "../../src/cli/io.ts";
import { main } from "../../src/cli/main.ts";

/** A world for the command line that is made up of the given things alone. */
export interface World {
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Absent: standard input is a terminal. */
  readonly stdin?: string | Uint8Array;
  /** Default: the root, so that nothing is looked for above it. */
  readonly workingFolder?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Absent: standard output is a pipe. */
  readonly columns?: number;
  /** Characters that the reader of standard output takes before it goes away. */
  readonly reads?: number;
  /** Milliseconds that pass between two looks at the clock. */
  readonly tick?: number;
  /** Instead of a clock that ticks. */
  readonly clock?: () => number;
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Files written. */
  readonly written: ReadonlyMap<string, string>;
}

/** Runs `iptlint` with these arguments in such a world. */
export async function run(argv: readonly string[], world: World = {}): Promise<Outcome> {
  const out = { stdout: "", stderr: "" };
  const written = new Map<string, string>();
  const files = new Map(Object.entries(world.files ?? {}));
  let now = 0;
  const io: Io = {
    read: (path) => {
      const content = files.get(path);
      if (content !== undefined) return Buffer.from(content);
      const isFolder = [...files.keys()].some((name) => name.startsWith(`${path.replace(/\/$/, "")}/`));
      throw Object.assign(new Error("no such file"), { code: isFolder ? "EISDIR" : "ENOENT" });
    },
    exists: (path) => files.has(path),
    workingFolder: world.workingFolder ?? "/",
    readStdin: () => Buffer.from(world.stdin ?? ""),
    stdinIsTerminal: world.stdin === undefined,
    writeFile: (path, text) => {
      if (path.startsWith("/missing/")) throw Object.assign(new Error("no such folder"), { code: "ENOENT" });
      written.set(path, [...text].join(""));
    },
    gunzip: (bytes) => gunzipSync(bytes, { finishFlush: 2 }),
    stdout: {
      write: (text) => {
        out.stdout += typeof text === "string" ? text : Buffer.from(text).toString("latin1");
        if (out.stdout.length > (world.reads ?? Number.POSITIVE_INFINITY)) throw new ClosedPipeError();
      },
      isTerminal: world.columns !== undefined,
      columns: world.columns ?? null,
    },
    stderr: {
      write: (text) => {
        out.stderr += String(text);
      },
      isTerminal: world.columns !== undefined,
      columns: world.columns ?? null,
    },
    interruptibly: (work) => work(),
    env: world.env ?? {},
    now:
      world.clock ??
      (() => {
        now += world.tick ?? 0;
        return now;
      }),
  };
  const code = await main(argv, io);
  return { code, ...out, written };
}
