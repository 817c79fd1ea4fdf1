import { displayText } from "../grammar/bytes.ts";
import { documentedChecks } from "./checks/documented.ts";
import { NO_FACTS } from "./checks/facts.ts";
import { allChecks } from "./checks/index.ts";
import { lineAt } from "./checks/location.ts";
import { runChecks } from "./checks/run.ts";
import { isVital, VITAL_NAMES } from "./checks/service-words.ts";
import { factsOf } from "./config/config.ts";
import { soundEndpoints } from "./kubernetes/proofs/suspects.ts";
import type { ServiceMap } from "./kubernetes/service-map-of.ts";
import type { ServicePort } from "./kubernetes/service-port.ts";
import type { Ruleset } from "./netfilter/ruleset.ts";
import type { RuleStore } from "./netfilter/store.ts";
import type { NodeTexts } from "./nodes.ts";
import { type NodeModel, type ReadOptions, readNode } from "./read-node.ts";
import {
  type CaptureSummary,
  groupDigits,
  type KubeProxySummary,
  type NodeReport,
  plural,
  type Report,
} from "./report/report.ts";
import { Sieve, type SieveOptions } from "./sieve.ts";
import { version } from "./version.ts";

/** What may be set for a run. */
export type LintOptions = Partial<SieveOptions> & ReadOptions;

const defaults: SieveOptions = {
  minConfidence: "hint",
  only: null,
  config: null,
  baseline: null,
  newBaseline: null,
  suppressions: true,
  maxFindings: 0,
};

/** Reads the texts of nodes and says what is wrong with each. */
export function lint(nodes: readonly NodeTexts[], options: LintOptions = {}): Report {
  const { config, baseline, ...rest } = { ...defaults, ...options };
  const sieve = new Sieve({ config, baseline, ...rest });
  const stores: RuleStore[] = [];
  const reports = nodes.map((node) => {
    const model = readNode(node, options);
    stores.push(model.store);
    return lintNode(model, options, sieve);
  });
  const others = [config?.file, baseline?.file];
  return {
    version,
    nodes: reports,
    remarks: sieve.remarks(),
    configuration: config?.file.name ?? null,
    unreadable: [],
    checks: documentedChecks,
    sourceLine: (location) => {
      const store = stores.find(({ ast }) => ast.source.files.some(({ name }) => name === location.file));
      if (store !== undefined) return lineAt(store.ast, location);
      const file = others.find((each) => each?.name === location.file);
      return file?.text.split("\n")[location.line - 1]?.replace(/\r$/, "") ?? null;
    },
  };
}

function lintNode({ name, store, maps }: NodeModel, options: LintOptions, sieve: Sieve): NodeReport {
  const rulesets = maps.map(({ ruleset }) => ruleset);
  const facts = options.config == null ? NO_FACTS : factsOf(options.config, name);
  const run = runChecks(store, maps, allChecks, facts, (done) =>
    options.onProgress?.(
      `${name}: checking ${groupDigits(store.ruleCount)} rules, ${done} of ${allChecks.length} checks done`,
    ),
  );
  return {
    name,
    captures: store.ast.source.files.flatMap(({ name: file }) => capturesIn(file, rulesets)),
    kubeProxy: summariseServices(maps),
    expectsKubeProxy: facts.kubeProxy ?? true,
    mode: maps.find(({ mode }) => mode !== null)?.mode ?? null,
    owners: ownersOf(maps),
    ...sieve.sift(name, store.ast, run),
    restore: null,
    notes: [
      ...new Set(
        maps.flatMap(({ missing }) =>
          missing.map(({ what, consequence }) => displayText(`not shown: ${what}; ${consequence}`)),
        ),
      ),
      ...run.muted.map(({ reason, checkIds }) => `${reason}: ${plural(checkIds.length, "check")} did not run`),
      ...sieve.notes(run.findings),
    ],
  };
}

/** Everyone but kube-proxy with chains on the node, most chains first. */
function ownersOf(maps: readonly ServiceMap[]): string[] {
  const counts = new Map<string, number>();
  for (const { owner, count } of maps.flatMap(({ owners }) => owners)) {
    if (owner.name !== "kube-proxy") counts.set(owner.name, (counts.get(owner.name) ?? 0) + count);
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([name]) => name);
}

/** Services of a node are counted once, though IPv4 and IPv6 have rules of their own for them. */
function summariseServices(maps: readonly ServiceMap[]): KubeProxySummary | null {
  const shown = maps.filter(({ servicePorts }) => servicePorts.length > 0);
  if (shown.length === 0) return null;
  return {
    form: maps.find(({ parameters }) => parameters.layout !== null)?.parameters.layout ?? "kube-proxy rules",
    ...countNames(shown),
    endpoints: shown.reduce((sum, map) => sum + countEndpoints(map), 0),
    vital: vitalServices(shown),
  };
}

function countNames(maps: readonly ServiceMap[]): Pick<KubeProxySummary, "services" | "servicePorts"> {
  // the names of one map that are proven are not counted one by one; others may have them, too
  const proofs = maps.length === 1 ? (maps[0]?.proofs ?? null) : null;
  const services = new Set<string>();
  /** By protocol. */
  const servicePorts = new Map<string | null, Set<string>>();
  for (const [index, map] of maps.entries())
    for (const port of proofs === null ? map.servicePorts : map.unproven) {
      const id = port.id ?? `${index} ${port.index}`;
      const service = serviceOf(port) ?? id;
      if (proofs?.isNameProven(service) !== true) services.add(service);
      if (port.protocol !== null && proofs?.isNameProven(id, port.protocol) === true) continue;
      const names = servicePorts.get(port.protocol) ?? new Set();
      servicePorts.set(port.protocol, names.add(id));
    }
  const proven = proofs?.counts ?? { services: 0, servicePorts: 0 };
  return {
    services: proven.services + services.size,
    servicePorts: proven.servicePorts + [...servicePorts.values()].reduce((sum, names) => sum + names.size, 0),
  };
}

function countEndpoints({ suspects, source }: ServiceMap): number {
  const counted = suspects.soundChains.slice();
  let count = soundEndpoints(suspects, source);
  for (const port of suspects.all)
    for (const chain of port.endpointChains()) {
      if (counted[chain] === 0) count++;
      counted[chain] = 1;
    }
  return count;
}

function vitalServices(maps: readonly ServiceMap[]): KubeProxySummary["vital"] {
  const vital = new Map<string, number | null>();
  for (const map of maps)
    for (const port of map.withNameFrom(VITAL_NAMES)) {
      if (!isVital(port)) continue;
      const count = port.endpointChains().length;
      // an excerpt may lack the rules of its chain
      const shown = count > 0 || port.hasEndpoints === false || map.source.natComplete ? count : null;
      const service = displayText(`${port.namespace}/${port.service}`);
      const others = vital.get(service);
      vital.set(service, others === undefined ? shown : fewest(shown, others));
    }
  return Array.from(vital, ([service, count]) => ({ service, endpoints: count }));
}

/** The smaller count; `null`, not shown, where one of them might be smaller than what is shown. */
function fewest(a: number | null, b: number | null): number | null {
  if (a === 0 || b === 0) return 0;
  return a === null || b === null ? null : Math.min(a, b);
}

/** `namespace/name`; `null` where that is not shown. */
function serviceOf(port: ServicePort): string | null {
  const { id, nameEvidence } = port;
  // what a hash proves was read already
  if (nameEvidence === "hash" && id !== null) return id.includes(":") ? id.slice(0, id.indexOf(":")) : id;
  return port.service === null ? null : `${port.namespace}/${port.service}`;
}

/** One summary for each back end and IP version that a text holds. */
function capturesIn(file: string, rulesets: readonly Ruleset[]): CaptureSummary[] {
  const summaries: CaptureSummary[] = [];
  for (const ruleset of rulesets) {
    const tables = ruleset.tables.filter((table) => table.block.file === file);
    if (tables.length === 0) continue;
    const header = tables.find((table) => table.header !== null)?.header ?? null;
    summaries.push({
      file,
      family: ruleset.family,
      backend: ruleset.backend,
      tool: header?.tool ?? null,
      version: header?.version ?? null,
      tables: tables.map((table) => table.name),
      rules: tables.reduce((sum, table) => sum + ruleset.store.rulesIn(table), 0),
    });
  }
  return summaries;
}
