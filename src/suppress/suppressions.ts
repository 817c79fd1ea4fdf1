import type { Ast } from "../../grammar/syntax-tree.ts";
import type { CheckDocumentation } from "../checks/check.ts";
import { suppressionDocs } from "../checks/documented.ts";
import type { Finding, Location } from "../checks/finding.ts";
import { locate } from "../checks/location.ts";
import { PendingFinding } from "../checks/pending-finding.ts";
import { counted, listed } from "../checks/words.ts";
import { type Config, type ConfiguredSuppression, isWithin } from "../config/config.ts";
import { globs } from "../config/glob.ts";
import { type Baseline, BaselineCounts } from "./baseline.ts";
import { type CommentSuppression, commentsIn } from "./comments.ts";
import { nodeOf } from "./stable-line.ts";
import type { SuppressedFinding, Suppression } from "./suppression.ts";

/** What is left of a node's findings, and what is not. */
export interface Sifted {
  readonly findings: readonly PendingFinding[];
  readonly suppressed: readonly SuppressedFinding[];
}

/** So many findings about suppressions are told of one node; the rest is counted. */
const MOST_TOLD = 1000;

const [unusedDoc, malformedDoc] = suppressionDocs as readonly [CheckDocumentation, CheckDocumentation];

/** The suppressions of one run over any number of nodes. */
export class Suppressions {
  readonly #configured: readonly ConfiguredSuppression[];
  readonly #baseline: Baseline | null;
  readonly #used = new Set<ConfiguredSuppression>();
  /** Those whose nodes were among the nodes of the run. */
  readonly #met = new Set<ConfiguredSuppression>();
  readonly #usedKeys = new Set<string>();
  /** Checks that did not judge everything: whether they had found something nobody knows. */
  readonly #silent = new Set<string>();

  constructor(config: Config | null, baseline: Baseline | null) {
    this.#configured = config?.suppressions ?? [];
    this.#baseline = baseline;
  }

  /**
   * Parts the findings of a node, and adds what is to be said of the suppressions in its own text.
   * @param silent - checks that did not judge everything here
   */
  sift(nodeName: string, ast: Ast, findings: readonly PendingFinding[], silent: ReadonlySet<string>): Sifted {
    for (const id of silent) this.#silent.add(id);
    for (const entry of this.#configured)
      if (entry.scope.node === null || globs(entry.scope.node)(nodeName)) this.#met.add(entry);
    const { suppressions, malformed } = commentsIn(ast);
    const comments = new Comments(ast, suppressions);
    const counts = new BaselineCounts();
    const mayBe = suppressions.length > 0 || this.#configured.length > 0 || this.#baseline !== null;
    const left: PendingFinding[] = [];
    const suppressed: SuppressedFinding[] = [];
    for (const pending of findings) {
      // most of thousands of findings are never read
      const suppression = mayBe ? this.#suppressionOf(pending.finding, nodeName, ast, comments, counts) : null;
      if (suppression === null) left.push(pending);
      else suppressed.push({ finding: pending.finding, suppression });
    }
    const told = [
      ...comments.unused(silent),
      ...bounded(malformed, malformedDoc, ({ offset, length, why }) => ({
        message: `a comment that is to suppress findings cannot be read: ${why()}`,
        location: locate(ast, offset, length),
      })),
    ];
    return { findings: [...left, ...told.map((finding) => pendingOf(finding, ast))], suppressed };
  }

  /** Comments and the configuration are asked both: what covers the finding is of use. */
  #suppressionOf(
    finding: Finding,
    nodeName: string,
    ast: Ast,
    comments: Comments,
    counts: BaselineCounts,
  ): Suppression | null {
    const found = [comments.of(finding), this.#entryFor(finding, nodeName)].find((each) => each !== null);
    return found ?? this.#inBaseline(finding, ast, counts);
  }

  /** What is to be said of the suppressions outside of the texts, once all nodes were sifted. */
  unused(): Finding[] {
    const idle = this.#configured.filter(
      (entry) => this.#met.has(entry) && !this.#used.has(entry) && !this.#areSilent(entry.checkIds),
    );
    const entries = bounded(idle, unusedDoc, ({ checkIds, location }) => ({
      message: `this entry for ${listed([...checkIds])} suppresses nothing`,
      location,
    }));
    return [...entries, ...this.#unusedInBaseline()];
  }

  /** Every entry that covers the finding is of use, also where another one came first. */
  #entryFor(finding: Finding, nodeName: string): Suppression | null {
    let first: Suppression | null = null;
    for (const entry of this.#configured) {
      if (!entry.checkIds.has(finding.checkId) || !isWithin(entry.scope, finding, nodeName)) continue;
      this.#used.add(entry);
      first ??= { by: "configuration", reason: entry.reason, location: entry.location };
    }
    return first;
  }

  #inBaseline(finding: Finding, ast: Ast, counts: BaselineCounts): Suppression | null {
    if (this.#baseline === null) return null;
    const { key, entry } = counts.add(ast, finding);
    const known = this.#baseline.entries.get(key);
    if (known === undefined) return null;
    this.#usedKeys.add(key);
    return entry.count > known.entry.count ? null : { by: "baseline", reason: null, location: known.location };
  }

  #unusedInBaseline(): Finding[] {
    const idle = [...(this.#baseline?.entries ?? [])].filter(
      ([key, { entry }]) => !this.#usedKeys.has(key) && !this.#areSilent([entry.check]),
    );
    const [first] = idle.map(([, each]) => each);
    if (first === undefined) return [];
    const { check, chain } = first.entry;
    const where = chain === null ? "" : ` in ${chain}`;
    const count = counted(idle.length, "entry", "entries");
    const [what, of] = idle.length === 1 ? ["suppresses", "that for"] : ["suppress", "the first for"];
    const message = `${count} of the baseline ${what} nothing, ${of} ${check}${where}`;
    return [findingOf(unusedDoc, { message, location: first.location })];
  }

  #areSilent(checkIds: Iterable<string>): boolean {
    for (const id of checkIds) if (this.#silent.has(id)) return true;
    return false;
  }
}

/** The suppressions in the comments of one text. */
class Comments {
  readonly #ast: Ast;
  readonly #all: readonly CommentSuppression[];
  readonly #byTarget = new Map<number, CommentSuppression[]>();
  readonly #used = new Map<CommentSuppression, Set<string>>();

  constructor(ast: Ast, all: readonly CommentSuppression[]) {
    this.#ast = ast;
    this.#all = all;
    for (const each of all) {
      const others = this.#byTarget.get(each.target);
      if (others === undefined) this.#byTarget.set(each.target, [each]);
      else others.push(each);
    }
  }

  of(finding: Finding): Suppression | null {
    let first: Suppression | null = null;
    for (const each of this.#byTarget.get(nodeOf(this.#ast, finding)) ?? []) {
      if (!each.checkIds.includes(finding.checkId)) continue;
      const used = this.#used.get(each);
      if (used === undefined) this.#used.set(each, new Set([finding.checkId]));
      else used.add(finding.checkId);
      first ??= { by: "comment", reason: each.reason, location: locate(this.#ast, each.offset, each.length) };
    }
    return first;
  }

  unused(silent: ReadonlySet<string>): Finding[] {
    const idle = this.#all.flatMap((each) => {
      const ids = each.checkIds.filter((id) => this.#used.get(each)?.has(id) !== true && !silent.has(id));
      return ids.length === 0 ? [] : { each, ids };
    });
    return bounded(idle, unusedDoc, ({ each, ids }) => ({
      message: `this comment suppresses nothing: there is no ${listed(ids)} here`,
      location: locate(this.#ast, each.offset, each.length),
    }));
  }
}

function pendingOf(finding: Finding, { source }: Ast): PendingFinding {
  const { file, byteOffset } = finding.location;
  const start = source.files.find(({ name }) => name === file)?.start ?? 0;
  return new PendingFinding(finding, start + byteOffset, () => finding);
}

interface Told {
  readonly message: string;
  readonly location: Location;
}

/** Findings for the first of a list, and one that counts the rest. */
function bounded<T>(all: readonly T[], doc: CheckDocumentation, tell: (one: T) => Told): Finding[] {
  const findings = all.slice(0, MOST_TOLD).map((one) => findingOf(doc, tell(one)));
  const next = all[MOST_TOLD];
  if (next === undefined) return findings;
  const { location } = tell(next);
  return [...findings, findingOf(doc, { message: `${all.length - MOST_TOLD} more of this kind`, location })];
}

function findingOf({ id, severity, confidence, confirm, remedy, references }: CheckDocumentation, told: Told): Finding {
  return {
    checkId: id,
    severity,
    confidence,
    message: told.message,
    table: null,
    chain: null,
    servicePort: null,
    location: told.location,
    label: null,
    missing: [],
    related: [],
    effect: null,
    confirm,
    remedy,
    references,
  };
}
