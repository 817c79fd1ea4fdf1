import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { NodeOptions, PacketOptions } from "../explain/packet.ts";
import { version } from "../version.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { type Io, loaded, UsageError } from "./io.ts";
import type { LookOptions } from "./look.ts";

/** `--format sarif=out.sarif`: a format and the file that it goes to, `null` for standard output. */
export interface FormatRequest {
  readonly format: string;
  readonly file: string | null;
}

/** `--node name=a.txt,b.txt` */
export interface NodeRequest {
  readonly name: string;
  readonly files: readonly string[];
}

/** Options of the commands that read dumps. */
export interface DumpOptions {
  readonly node?: readonly NodeRequest[];
  /** File with names of Services. */
  readonly names?: string;
  /** Files with what `ipset save` printed. */
  readonly ipset?: readonly string[];
  /** False: `--no-config`. */
  readonly config?: string | false;
}

export interface LintOptions extends DumpOptions, LookOptions {
  readonly format?: readonly FormatRequest[];
  readonly failOn?: "error" | "warning" | "info" | "never";
  readonly minConfidence: "certain" | "likely" | "hint";
  readonly only?: readonly string[];
  readonly quiet?: boolean;
  readonly maxFindings?: number;
  readonly baseline?: string;
  readonly writeBaseline?: string;
  /** False: `--no-suppressions`. */
  readonly suppressions?: boolean;
  readonly restore?: boolean;
  readonly family?: string;
  readonly backend?: string;
  /** Version of iptables. */
  readonly iptables?: string;
}

export interface ServicesOptions extends DumpOptions, LookOptions {
  readonly format: "text" | "json";
  readonly namespace?: string;
  readonly nodePort?: number;
  /** False: `--no-endpoints`. */
  readonly endpoints?: boolean;
}

export interface ExplainOptions extends DumpOptions, LookOptions {
  readonly format: "text" | "json";
}

export interface FmtOptions {
  readonly backend?: string;
  /** Version of iptables. */
  readonly iptables?: string;
  /** False: `--no-counters`. */
  readonly counters?: boolean;
}

export interface TraceOptions extends DumpOptions, LookOptions, NodeOptions, Omit<PacketOptions, "to"> {
  readonly to?: string;
  /** A Service, or a way to it. */
  readonly allClients?: string;
  readonly format: "text" | "json";
}

const formatNames = ["text", "concise", "json", "sarif", "github", "markdown", "junit"];

const exitHelp = `
Exit codes: 0 fine; 1 findings, or nothing found; 2 wrong usage; 3 an input is unreadable or no dump; 4 a bug in iptlint
`;

/**
 * Does what the arguments say.
 * @throws {UsageError} when they ask for what cannot be
 */
export async function runProgram(argv: readonly string[], io: Io): Promise<ExitCode> {
  let code: ExitCode = exitCodes.ok;
  const program = createProgram(io, (result) => {
    code = result;
  });
  if (argv.length === 0) {
    io.stderr.write(program.helpInformation({ error: true }));
    return exitCodes.usage;
  }
  try {
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    throw error;
  }
}

/** Declares the commands. Each is loaded when it is called, so that help and version wait for nothing. */
export function createProgram(io: Io, done: (code: ExitCode) => void): Command {
  const program = new Command("iptlint");
  program
    .description(
      "Says what is wrong in iptables-save dumps of Kubernetes nodes, which Service owns a port, where a packet goes.",
    )
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(`iptlint: ${text.replace(/^error: /, "")}`),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText("after", exitHelp);

  dumps(program)
    .usage("[options] [dump...]\n       iptlint <command> …")
    .addOption(
      new Option(
        "--format <format[=file]>",
        `${formatNames.join(", ")}; may be given several times (default: text)`,
      ).argParser(collect(parseFormat)),
    )
    .addOption(
      new Option(
        "--fail-on <severity>",
        "exit with 1 from this severity on (default: the configuration's, else warning)",
      ).choices(["error", "warning", "info", "never"]),
    )
    .addOption(
      choice("--min-confidence <confidence>", "leave out what is less sure", ["certain", "likely", "hint"], "hint"),
    )
    .addOption(
      new Option("--only <ids>", "run these checks alone: ids or patterns such as missing-*").argParser(
        collect(parseList),
      ),
    )
    .option("--quiet", "print the findings without the summaries")
    .addOption(
      new Option(
        "--max-findings <n>",
        "print so many findings of each check, 0 for all (default: 20 in text and markdown, else all)",
      ).argParser(parseCount),
    )
    .option("--baseline <file>", "findings that are known and accepted")
    .addOption(
      new Option("--write-baseline <file>", "accept what is found, and write it down for --baseline").conflicts(
        "baseline",
      ),
    )
    .option("--no-suppressions", "as if nothing were suppressed")
    .addOption(
      new Option("--restore", "say whether iptables-restore would take a text, and nothing else").conflicts([
        ...["only", "failOn", "minConfidence", "node", "names", "ipset"],
        ...["config", "baseline", "writeBaseline", "suppressions"],
      ]),
    )
    .addOption(
      new Option("--family <4|6>", "--restore: as this IP version reads (default: the text's)").choices(["4", "6"]),
    )
    .addOption(
      new Option("--backend <name>", "--restore: as this back end reads (default: the text's)").choices([
        "nft",
        "legacy",
      ]),
    )
    .addOption(
      new Option(
        "--iptables <version>",
        "--restore: as this version reads (default: the text's, else 1.8.9)",
      ).argParser(parseVersion),
    )
    .action(async (paths: string[], options: LintOptions & { only?: string[][] }) => {
      if (options.restore === true) {
        const { restoreCommand } = await loaded(import("./restore-command.ts"), io);
        done(restoreCommand(paths, options, io));
        return;
      }
      for (const name of ["family", "backend", "iptables"] as const)
        if (options[name] !== undefined) throw new UsageError(`--${name} goes with --restore`);
      const { lintCommand } = await loaded(import("./lint-command.ts"), io);
      const { only, ...rest } = options;
      done(lintCommand(paths, { ...rest, ...(only !== undefined && { only: only.flat() }) }, io));
    });

  dumps(program.command("explain").argument("<what>", subjectHelp))
    .summary("say whose a port is and where it leads")
    .description("Says which Service a port, an address, a chain or an endpoint belongs to, and where it leads.")
    .addOption(textOrJson())
    .action(async (what: string, paths: string[], options: ExplainOptions) => {
      const { explainCommand } = await loaded(import("./explain-command.ts"), io);
      done(explainCommand(what, paths, options, io));
    });

  dumps(program.command("services"))
    .summary("list the Services and their ports, as kube-proxy's rules show them")
    .description("Lists the Services and their ports, as kube-proxy's rules show them.")
    .addOption(textOrJson())
    .option("--namespace <name>", "of this namespace alone")
    .addOption(new Option("--node-port <port>", "with this port of the node").argParser(parseCount))
    .option("--no-endpoints", "without endpoints alone")
    .action(async (paths: string[], options: ServicesOptions) => {
      const { servicesCommand } = await loaded(import("./services-command.ts"), io);
      done(servicesCommand(paths, options, io));
    });

  dumps(program.command("trace"))
    .summary("say where a packet goes")
    .description("Says where a packet goes, with probabilities and every rule on the way.")
    .option(
      "--from <address[:port]>",
      "its source (default: an address outside the cluster, or the node itself with --local)",
    )
    .option("--to <address:port/protocol>", "its destination: 192.0.2.10:30080/tcp, [fd00::1]:53/udp, 10.0.0.1/icmp:8")
    .option(
      "--all-clients <service>",
      "in place of --from and --to: from everywhere to namespace/name[:port], 30080, …",
    )
    .option("--in <interface>", "it comes in by this interface")
    .option("--out <interface>", "what is not for the node leaves by this interface")
    .option("--local", "the node itself sends it")
    .addOption(
      choice(
        "--state <state>",
        "what conntrack says of it",
        ["new", "new-again", "established", "related", "invalid", "untracked"],
        "new",
      ),
    )
    .option("--mark <number>", "its mark as it comes in")
    .option("--tcp-flags <flags>", "SYN, ACK and so on, separated by commas")
    .option("--affinity", "its sender has been here before")
    .addOption(
      new Option("--node-ip <address>", "an address of the node; may be given several times").argParser(
        collect(String),
      ),
    )
    .addOption(
      new Option("--route <cidr=interface>", "a route of the node; may be given several times").argParser(
        collect(String),
      ),
    )
    .addOption(textOrJson())
    .action(async (paths: string[], options: TraceOptions) => {
      const { traceCommand } = await loaded(import("./trace-command.ts"), io);
      done(traceCommand(paths, options, io));
    });

  look(program.command("checks").argument("[id]", "one check"))
    .summary("list the checks, or explain one")
    .description("Lists the checks (lint rules), or says of one: what, why, evidence, how to confirm it, what to do.")
    .action(async (id: string | undefined, options: LookOptions) => {
      const { checksCommand } = await import("./checks-command.ts");
      done(checksCommand(id, options, io));
    });

  program
    .command("ast")
    .argument("[dump...]", dumpHelp)
    .summary("print the syntax tree as JSON lines")
    .description("Prints the syntax tree as JSON lines: one for each line of the dump.")
    .action(async (paths: string[]) => {
      const { astCommand } = await loaded(import("./ast-command.ts"), io);
      done(astCommand(paths, io));
    });

  program
    .command("fmt")
    .argument("[dump...]", dumpHelp)
    .summary("print the rules as iptables-save would")
    .description("Prints the text with every rule as iptables-save of its version and back end prints it.")
    .addOption(
      new Option("--backend <name>", "as this back end prints (default: the capture's)").choices(["nft", "legacy"]),
    )
    .addOption(
      new Option("--iptables <version>", "as this version prints: 1.8.9 (default: the capture's)").argParser(
        parseVersion,
      ),
    )
    .option("--no-counters", "leave out the counters of rules")
    .action(async (paths: string[], options: FmtOptions) => {
      const { fmtCommand } = await loaded(import("./fmt-command.ts"), io);
      done(fmtCommand(paths, options, io));
    });
  return program;
}

function textOrJson(): Option {
  return choice("--format <format>", "what to print", ["text", "json"], "text");
}

/** What all commands that read dumps take. */
function dumps(command: Command): Command {
  return look(command.argument("[dump...]", dumpHelp))
    .option(
      "--names <file>",
      "names of Services for rules without comments: kubectl get services -A -o json (or yaml, name)",
    )
    .addOption(
      new Option("--ipset <file>", "what ipset save printed; may be given several times").argParser(collect(String)),
    )
    .addOption(
      new Option("--node <name=files>", "these files are one node's: a=v4.txt,v6.txt").argParser(collect(parseNode)),
    )
    .option("--config <file>", "the configuration (default: iptlint.config.json here or in a folder above)")
    .option("--no-config", "without configuration");
}

const subjectHelp = "30080, 30080/udp, 10.96.0.10[:80], namespace/name[:port], KUBE-SVC-…, 10.244.1.5[:80], line:42";

const dumpHelp = "files with the output of iptables-save (gzip too); - or a pipe is standard input";

function look(command: Command): Command {
  return command
    .addOption(choice("--color <when>", "colour the text", ["auto", "always", "never"], "auto"))
    .addOption(
      new Option("--width <columns>", "columns to fill (default: the terminal's, else 100)").argParser(parseCount),
    );
}

function choice(flags: string, description: string, choices: readonly string[], preset: string): Option {
  return new Option(flags, description).choices(choices).default(preset);
}

function collect<T>(parse: (text: string) => T): (text: string, previous: readonly T[] | undefined) => T[] {
  return (text, previous = []) => [...previous, parse(text)];
}

function parseFormat(text: string): FormatRequest {
  const equals = text.indexOf("=");
  const format = equals < 0 ? text : text.slice(0, equals);
  const file = equals < 0 ? null : text.slice(equals + 1);
  if (!formatNames.includes(format)) throw new InvalidArgumentError(`Formats are ${formatNames.join(", ")}.`);
  if (file === "") throw new InvalidArgumentError("A file name is missing behind =.");
  return { format, file };
}

function parseNode(text: string): NodeRequest {
  const [name = "", files = ""] = text.split(/=(.*)/s);
  if (name === "" || files === "") throw new InvalidArgumentError("It reads name=file,file.");
  return { name, files: files.split(",").filter((file) => file !== "") };
}

function parseVersion(text: string): string {
  if (!/^\d{1,3}(?:\.\d{1,3}){1,3}$/.test(text)) throw new InvalidArgumentError("It reads 1.8.9.");
  return text;
}

function parseList(text: string): string[] {
  return text.split(",").filter((item) => item !== "");
}

function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It is a whole number.");
  return Number(text);
}
