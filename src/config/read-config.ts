import { nearest } from "../../grammar/nearest.ts";
import { printAddress, readAddress } from "../../grammar/values/address.ts";
import { addressMask } from "../../grammar/values/address-mask.ts";
import type { Address, AddressMask, NumberRange } from "../../grammar/values/types.ts";
import { documentedChecks } from "../checks/documented.ts";
import { NO_FACTS } from "../checks/facts.ts";
import { ownerNames } from "../kubernetes/owners.ts";
import {
  type Config,
  type ConfiguredSuppression,
  EVERYWHERE,
  type Level,
  type Levels,
  levels,
  type Scope,
} from "./config.ts";
import type { TextFile } from "./config-error.ts";
import { matchesGlob } from "./glob.ts";
import { type JsonValue, readJson } from "./json.ts";

/** The name under which a configuration is looked for. */
export const configName = "iptlint.config.json";

const checkIds = documentedChecks.map(({ id }) => id);

/**
 * Reads a configuration: schema/config.schema.json describes it.
 * @throws {ConfigError} with everything that is wrong
 */
export function readConfig(file: TextFile): Config {
  return readJson(file, (root) => {
    const keys = ["$schema", "failOn", "checks", "overrides", "suppressions", "cluster"] as const;
    const { $schema, failOn, checks, overrides, suppressions, cluster } = root.fields(keys);
    $schema?.string("the address of a JSON Schema");
    const base = checks === undefined ? [] : [{ scope: EVERYWHERE, byCheck: readLevels(checks) }];
    const more = overrides?.list("a list of objects").flatMap((value) => readOverride(value) ?? []) ?? [];
    return {
      file,
      failOn: failOn?.choice(["error", "warning", "info", "never"] as const) ?? null,
      levels: [...base, ...more],
      suppressions: suppressions?.list("a list of objects").flatMap((value) => readSuppression(value) ?? []) ?? [],
      ...readCluster(cluster),
    };
  });
}

/** Levels by check: a whole id is stronger than a pattern, a later pattern stronger than an earlier one. */
function readLevels(value: JsonValue): Map<string, Level> {
  const byPattern = new Map<string, Level>();
  const byId = new Map<string, Level>();
  for (const { key, value: item } of value.entries("an object with ids of checks and what they are worth")) {
    const level = item.choice(levels);
    const ids = idsOf(key);
    if (ids.length === 0)
      item.refuseKey("no such check", "an id that `iptlint checks` lists, or a pattern such as missing-*", meant(key));
    if (level === null) continue;
    for (const id of ids) (key.includes("*") ? byPattern : byId).set(id, level);
  }
  return new Map([...byPattern, ...byId]);
}

const idsOf = (pattern: string): string[] => checkIds.filter((id) => matchesGlob(pattern, id));

const meant = (pattern: string): string | null => (pattern.includes("*") ? null : nearest(pattern, checkIds));

const scopeKeys = ["node", "namespace", "service", "chain"] as const;

function readOverride(value: JsonValue): Levels | null {
  const { checks, ...scope } = value.fields([...scopeKeys, "checks"]);
  if (checks === undefined) value.lacks("checks", "ids of checks and what they are worth here");
  if (Object.keys(scope).length === 0) value.refuse(`one of ${scopeKeys.join(", ")} beside checks`);
  return checks === undefined ? null : { scope: readScope(scope), byCheck: readLevels(checks) };
}

function readScope(fields: Partial<Record<keyof Scope, JsonValue>>): Scope {
  const patterns = (value: JsonValue | undefined): string[] | null =>
    value?.oneOrMore("a name, or a list of names").flatMap((each) => name(each) ?? []) ?? null;
  return {
    node: patterns(fields.node),
    namespace: patterns(fields.namespace),
    service: patterns(fields.service),
    chain: patterns(fields.chain),
  };
}

function name(value: JsonValue): string | null {
  const expected = "a name, or a pattern such as web-*";
  const text = value.string(expected);
  return text === "" ? value.refuse(expected) : text;
}

function readSuppression(value: JsonValue): ConfiguredSuppression | null {
  const { check, reason, ...scope } = value.fields([...scopeKeys, "check", "reason"]);
  const text = reason?.string("a reason") ?? null;
  if (reason === undefined) value.lacks("reason", "why these findings are accepted");
  else if (text?.trim() === "") reason.refuse("why these findings are accepted");
  if (check === undefined) value.lacks("check", "the id of a check, or a list of them");
  const checks = check?.oneOrMore("the id of a check, or a list of them") ?? [];
  return {
    checkIds: new Set(checks.flatMap(readCheckIds)),
    scope: readScope(scope),
    reason: text ?? "",
    location: value.location,
  };
}

function readCheckIds(value: JsonValue): string[] {
  const expected = "an id that `iptlint checks` lists, or a pattern such as missing-*";
  const pattern = value.string(expected);
  const ids = pattern === null ? [] : idsOf(pattern);
  if (pattern !== null && ids.length === 0) value.refuse(expected, meant(pattern));
  return ids;
}

function readCluster(value: JsonValue | undefined): Pick<Config, "cluster" | "nodeIps"> {
  const keys = ["nodeIPs", "podCIDRs", "serviceCIDRs", "nodePortRange", "owners", "kubeProxy"] as const;
  const fields = value?.fields(keys) ?? {};
  const { nodeIPs, podCIDRs, serviceCIDRs, nodePortRange, owners, kubeProxy } = fields;
  return {
    cluster: {
      podCidrs: readNetworks(podCIDRs),
      serviceCidrs: readNetworks(serviceCIDRs),
      nodePortRange: nodePortRange === undefined ? NO_FACTS.nodePortRange : readPortRange(nodePortRange),
      owners: owners?.list("a list of names").flatMap((owner) => owner.choice(ownerNames) ?? []) ?? NO_FACTS.owners,
      kubeProxy: kubeProxy === undefined ? NO_FACTS.kubeProxy : kubeProxy.boolean(),
    },
    nodeIps: readNodeIps(nodeIPs),
  };
}

/** A list for all nodes, or lists by patterns for names of nodes. */
function readNodeIps(value: JsonValue | undefined): Config["nodeIps"] {
  if (value === undefined) return [];
  const expected = "a list of IP addresses";
  if (value.isList) return [{ node: "*", addresses: readAddresses(value, expected) }];
  return value
    .entries(`${expected}, or an object with such a list for each node`)
    .map(({ key, value: list }) => ({ node: key, addresses: readAddresses(list, expected) }));
}

function readAddresses(value: JsonValue, expected: string): Address[] {
  return value.list(expected).flatMap((each) => {
    const text = each.string("an IP address");
    const read = text === null ? null : readAddress(text, { family: null });
    // iptables takes `10` for 10.0.0.0, which nobody means here
    if (text !== null && (read === null || (read.family === 4 && printAddress(read) !== text)))
      each.refuse("an IP address");
    return read ?? [];
  });
}

function readNetworks(value: JsonValue | undefined): AddressMask[] {
  const expected = 'a network such as "10.244.0.0/16"';
  return (value?.list("a list of networks") ?? []).flatMap((each) => {
    const text = each.string(expected);
    const read = text === null ? null : addressMask.parse(text, { family: null });
    if (text === null || read === null) return [];
    return "value" in read && /^[^/]*[.:][^/]*\/\d{1,3}$/.test(text) ? read.value : (each.refuse(expected) ?? []);
  });
}

/** As kube-apiserver takes it: `30000-32767`. */
function readPortRange(value: JsonValue): NumberRange | null {
  const expected = 'a range of ports such as "30000-32767"';
  const text = value.string(expected);
  if (text === null) return null;
  const [, from = 0, to = 0] = (/^(\d{1,5})-(\d{1,5})$/.exec(text) ?? []).map(Number);
  return from >= 1 && from <= to && to <= 65_535 ? { from, to } : value.refuse(expected);
}
