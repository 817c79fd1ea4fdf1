import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { gunzipSync } from "node:zlib";
import { Source } from "../../../grammar/source.ts";
import { readServiceMap } from "../../../src/kubernetes/read-service-map.ts";
import type { ServiceMap } from "../../../src/kubernetes/service-map-of.ts";
import { buildStore } from "../../../src/netfilter/build.ts";
import type { Ruleset } from "../../../src/netfilter/ruleset.ts";
import { rulesetsOf } from "../../../src/netfilter/rulesets.ts";
import type { Truth } from "./truth.ts";

export const fixtures = join(import.meta.dirname, "../../../fixtures/dumps");

/** Folder with the large set of dumps, when the environment names it. */
export const sharedDumps: string | null = sharedFolder("dumps");
export const sharedCorpus: string | null = sharedFolder("corpus");

function sharedFolder(name: string): string | null {
  const shared = process.env["IPTLINT_SHARED"];
  if (shared !== undefined && existsSync(join(shared, name))) return join(shared, name);
  if (process.env["REQUIRE_ALL"] === "1") throw new Error(`IPTLINT_SHARED does not name a folder with ${name}`);
  return null;
}

export interface Dump {
  /** `1.30.5-nft/mixed` */
  readonly name: string;
  readonly folder: string;
}

/** Every folder below with a truth.json. */
export function dumpsIn(root: string | null): Dump[] {
  if (root === null) return [];
  const found: Dump[] = [];
  const visit = (folder: string): void => {
    const names = readdirSync(folder, { withFileTypes: true });
    if (names.some(({ name }) => name.startsWith("truth.json"))) found.push({ name: relative(root, folder), folder });
    for (const entry of names) if (entry.isDirectory()) visit(join(folder, entry.name));
  };
  visit(root);
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A file of the dump, unpacked where it is gzipped; `null` when there is none. */
export function fileOf(dump: Dump, name: string): Uint8Array | null {
  const path = join(dump.folder, name);
  if (existsSync(path)) return readFileSync(path);
  return existsSync(`${path}.gz`) ? gunzipSync(readFileSync(`${path}.gz`)) : null;
}

export function truthOf(dump: Dump): Truth {
  return JSON.parse(new TextDecoder().decode(fileOf(dump, "truth.json") ?? new Uint8Array())) as Truth;
}

export function rulesets(...texts: (Uint8Array | string)[]): Ruleset[] {
  const encoder = new TextEncoder();
  const named = texts.map((text, i) => ({
    name: `text-${i}`,
    bytes: typeof text === "string" ? encoder.encode(text) : text,
  }));
  return rulesetsOf(buildStore(Source.join(named)));
}

/** The map of a text with one ruleset. */
export function mapOf(text: Uint8Array | string): ServiceMap {
  const [ruleset] = rulesets(text);
  if (ruleset === undefined) throw new Error("no rules in this text");
  return readServiceMap(ruleset);
}
