import { buildStore } from "../../src/netfilter/build.ts";
import { Ruleset } from "../../src/netfilter/ruleset.ts";
import { rulesetsOf } from "../../src/netfilter/rulesets.ts";
import { trace } from "../../src/netfilter/trace/trace.ts";
import { Bed, type Probe } from "./bed.ts";
import { disagreements, factsOf, questionOf } from "./compare.ts";
import { generateDump, generateProbe } from "./generate.ts";
import { endpointsOf, probesFor, setsFor } from "./probes.ts";
import { Random } from "./random.ts";
import { SCENES } from "./scenes.ts";

/** A dump to be judged. */
export interface Dump {
  readonly name: string;
  readonly text: string;
  readonly family: 4 | 6;
  readonly backend: "nft" | "legacy";
}

export interface DifferentialOptions {
  readonly seed: number;
  readonly dumps: readonly Dump[];
  /** How many rule sets to generate. */
  readonly generated: number;
  /** Packets per rule set. */
  readonly packets: number;
  /** How often a packet is sent whose shares are looked at. */
  readonly repeats: number;
}

export interface Differential {
  readonly ruleSets: number;
  readonly generated: number;
  readonly packets: number;
  readonly established: number;
  readonly again: number;
  readonly answers: number;
  readonly refused: readonly string[];
  readonly disagreements: readonly {
    readonly name: string;
    readonly text: string;
    readonly probe: Probe;
    readonly problem: string;
  }[];
}

const INSIDE = ["eth0", "cni0", "docker0", "veth77"];

/** Loads rule sets into the kernel, sends packets through them and compares what becomes of them with what a trace says. */
export async function runDifferential(options: DifferentialOptions): Promise<Differential> {
  const run = new Run(options);
  for (const family of [4, 6] as const) {
    for (const backend of ["nft", "legacy"] as const) await run.onBed(family, backend);
  }
  return run.result();
}

class Run {
  readonly #options: DifferentialOptions;
  readonly #counts = { ruleSets: 0, generated: 0, packets: 0, established: 0, again: 0, answers: 0 };
  readonly #refused: string[] = [];
  #sets = "";
  readonly #found: { name: string; text: string; probe: Probe; problem: string }[] = [];

  constructor(options: DifferentialOptions) {
    this.#options = options;
  }

  result(): Differential {
    return { ...this.#counts, refused: this.#refused, disagreements: this.#found };
  }

  async onBed(family: 4 | 6, backend: "nft" | "legacy"): Promise<void> {
    const { dumps, generated, seed } = this.#options;
    const mine = dumps.filter((dump) => dump.family === family && dump.backend === backend);
    // more of the generated ones on IPv4, where there are more kinds of rules
    const count = Math.ceil((generated * (family === 4 ? 3 : 2)) / 10);
    if (mine.length + count === 0) return;
    const bed = new Bed({ backend, family, inside: INSIDE, outside: "out0" });
    try {
      for (const [k, dump] of mine.entries()) await this.#dump(bed, dump, new Random(seed + k));
      this.#sets = bed.makeSets(SCENES[family].sets);
      for (let k = 0; k < count; k++)
        await this.#generated(bed, seed * 10_000 + k * 4 + family + (backend === "nft" ? 1 : 0));
    } finally {
      bed.close();
    }
  }

  async #dump(bed: Bed, { name, text, family }: Dump, random: Random): Promise<void> {
    const { own, clients, others } = SCENES[family];
    const addresses = [...own, ...others, ...clients.map((client) => client.address)];
    this.#sets = bed.makeSets(setsFor(text, family, addresses, random));
    const ruleset = this.#load(bed, name, text);
    if (ruleset === null) return;
    bed.setOwn(own.slice(0, 1 + random.below(2)));
    const pods = random.pick(["cni0", "veth77"]);
    const endpoint = random.pick(endpointsOf(ruleset).filter((address) => !own.includes(address)));
    bed.setClients([
      ...clients.map((client) => ({ ...client, interface: client.interface === "eth0" ? "eth0" : pods })),
      ...(endpoint === undefined || clients.some((client) => client.address === endpoint)
        ? []
        : [{ address: endpoint, interface: pods }]),
    ]);
    const probes = probesFor(ruleset, bed.clients, bed.own, random, this.#options.packets);
    await this.#judge(bed, name, text, ruleset, probes, /-m recent /.test(text), random);
  }

  async #generated(bed: Bed, seed: number): Promise<void> {
    const { family } = bed.options;
    const random = new Random(seed);
    const scene = SCENES[family];
    const { text, remembers } = generateDump(random, scene, random.chance(0.4) ? this.#sets : "");
    const name = `generated ${family} ${bed.options.backend} ${seed}`;
    const ruleset = this.#load(bed, name, text);
    if (ruleset === null) return;
    this.#counts.generated++;
    bed.setOwn(scene.own);
    bed.setClients(scene.clients);
    const probes = Array.from({ length: this.#options.packets }, () => generateProbe(random, scene));
    await this.#judge(bed, name, text, ruleset, probes, remembers, random);
  }

  #load(bed: Bed, name: string, text: string): Ruleset | null {
    const refusal = bed.load(text);
    if (refusal !== null) {
      this.#refused.push(`${name}: ${refusal.trim().split("\n")[0]}`);
      return null;
    }
    const [ruleset] = rulesetsOf(buildStore(Uint8Array.from(text, (char) => char.charCodeAt(0))));
    this.#counts.ruleSets++;
    return ruleset === undefined
      ? null
      : new Ruleset(ruleset.store, bed.options.family, bed.options.backend, ruleset.tables);
  }

  async #judge(
    bed: Bed,
    name: string,
    text: string,
    ruleset: Ruleset,
    probes: readonly Probe[],
    remembers: boolean,
    random: Random,
  ): Promise<void> {
    const facts = factsOf(bed, this.#sets);
    const { family } = bed.options;
    const asked = (probe: Probe) => trace(ruleset, questionOf(probe, family), facts);
    const report = (probe: Probe, problems: readonly string[]): void => {
      for (const problem of problems) this.#found.push({ name, text, probe, problem });
    };
    for (const batch of remembers ? probes.map((probe) => [probe]) : [probes]) {
      const seen = await bed.send(batch);
      for (const [i, probe] of batch.entries()) {
        const one = seen[i]!;
        this.#counts.packets++;
        report(probe, disagreements(asked(probe), [one]));
        // who sits beside the client answers it directly
        if (one.answeredBy === null || (one.outInterface === probe.in && one.snat === false)) continue;
        this.#counts.answers++;
        const called = `${probe.to.includes(":") ? `[${probe.to}]` : probe.to}:${probe.port}`;
        // a rule that keeps answers from being tracked keeps their translation from being undone
        if (one.answeredBy !== called && !/notrack/i.test(text)) report(probe, [`answered by ${one.answeredBy}`]);
      }
    }
    // the same packet many times shows the shares; lists of clients, and counters that answers turn too, would make each packet
    // depend on the one before
    const [many] = probes.filter((probe) => asked(probe).ends.length > 1);
    if (many !== undefined && !remembers && !text.includes("--mode nth")) {
      const sent = Array.from({ length: this.#options.repeats }, () => many);
      this.#counts.packets += sent.length;
      report(many, disagreements(asked(many), await bed.send(sent)));
    }
    const datagram = probes.find((probe) => probe.protocol === "udp");
    if (datagram !== undefined) await this.#again(bed, ruleset, datagram, report);
    const stream = random.pick(probes.filter((probe) => probe.protocol === "tcp"));
    if (stream !== undefined) await this.#established(bed, ruleset, stream, report);
  }

  /** A second datagram before any reply: NEW, but nat is not asked again. */
  async #again(
    bed: Bed,
    ruleset: Ruleset,
    probe: Probe,
    report: (probe: Probe, problems: readonly string[]) => void,
  ): Promise<void> {
    const [[first], [second]] = (await bed.sendAgain([probe], 2)) as [[never], [never]];
    const seen = [first, second] as unknown as [
      { fate: string; dnat: string | null },
      { fate: string; dnat: string | null },
    ];
    if (seen[0].fate !== "forwarded" && seen[0].fate !== "local") return;
    this.#counts.again++;
    this.#counts.packets++;
    const expected = trace(ruleset, questionOf(probe, bed.options.family, "new-again"), factsOf(bed, this.#sets));
    report(
      probe,
      disagreements(expected, [second]).map((problem) => `second datagram: ${problem}`),
    );
    const arrived = seen[1].fate === "forwarded" || seen[1].fate === "local";
    if (arrived && seen[1].dnat !== seen[0].dnat)
      report(probe, [`second datagram goes to ${seen[1].dnat}, the first went to ${seen[0].dnat}`]);
  }

  async #established(
    bed: Bed,
    ruleset: Ruleset,
    probe: Probe,
    report: (probe: Probe, problems: readonly string[]) => void,
  ): Promise<void> {
    const [seen] = await bed.sendEstablished([probe]);
    // without an answer there is no such packet
    if (seen === undefined || seen.fate !== "forwarded") return;
    this.#counts.established++;
    this.#counts.packets++;
    const expected = trace(ruleset, questionOf(probe, bed.options.family, "established"), factsOf(bed, this.#sets));
    report(
      probe,
      disagreements(expected, [seen]).map((problem) => `established: ${problem}`),
    );
  }
}
