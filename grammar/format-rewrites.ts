import type { OptionNode } from "./ast.ts";
import type { SaveContext } from "./format-context.ts";
import type { SavedOption, SavedOptions } from "./format-options.ts";
import { hexOf, hexPattern, isHexPattern } from "./values/pattern.ts";
import { bytesOfCost, type HashlimitRate, hashlimitBurst, hashlimitRate, printBurst } from "./values/rate.ts";
import { timeSpan } from "./values/time.ts";
import { matchRecord, targetRecord } from "./vocabulary/index.ts";
import type { ExtensionRecord } from "./vocabulary/record.ts";

/** What an extension does to its options on saving that its record cannot say. */
interface Rewrite {
  /** Changes the options before they are put in order. */
  readonly options?: (options: SavedOptions, context: SaveContext) => void;
  /** The options in the order of printing, for extensions whose order is not that of the record. */
  readonly sequence?: (options: readonly SavedOption[], context: SaveContext) => readonly SavedOption[];
  /** What is printed behind all options. */
  readonly tail?: (nodes: readonly OptionNode[], context: SaveContext) => string;
}

const RELEASE_1_8_8 = 10808;
const MEGA = 1_048_576;

/** By kind and name of the extension. */
export const rewrites: ReadonlyMap<string, Rewrite> = new Map<string, Rewrite>([
  ["match hashlimit", { options: rewriteHashlimit }],
  ["match limit", { options: dropZeroBurst }],
  ["match connbytes", { options: losePointNegation }],
  ["match connlimit", { options: (options) => swapNegated(options, "--connlimit-upto", "--connlimit-above") }],
  ["match string", { options: rewriteString }],
  ["match time", { options: rewriteTime }],
  ["match policy", { sequence: orderPolicy }],
  ["match rateest", { sequence: orderRateest }],
  ["match tcp", { options: rewriteTcp }],
  ["match udp", { options: rewritePorts }],
  ["match ipcomp", { options: addZeroSpi }],
  ["match nfacct", { options: (options) => prefixValue(options, "--nfacct-name") }],
  ["match dst", { tail: (_, { release }) => (release < RELEASE_1_8_8 ? " " : "") }],
  ["target CONNMARK", { options: rewriteConnmark }],
  ["target HMARK", { options: rewriteHmark }],
  ["target NFQUEUE", { options: rewriteNfqueue }],
  ["target RATEEST", { options: rewriteRateestTarget }],
  ["target NFLOG", { options: rewriteNflog }],
  ["target REDIRECT", { options: (options, { release }) => release < RELEASE_1_8_8 && dropRandomAlone(options) }],
  [
    "target TCPOPTSTRIP",
    { tail: (nodes, { release }) => (nodes.length === 0 && release < RELEASE_1_8_8 ? " --strip-options" : "") },
  ],
]);

function set(
  options: SavedOptions,
  extension: ExtensionRecord | undefined,
  flag: string,
  values: readonly string[],
  negated = false,
): void {
  const record = extension?.options.find((option) => option.flag === flag) ?? null;
  options.set(flag, { record, flag, negated, values });
}

/** Without a range given the kernel is handed 0 to 0; alone on a rule it is left to stand, for a full range is saved so too. */
function addZeroSpi(options: SavedOptions): void {
  if (options.has("--compres") && !options.has("--ipcompspi"))
    set(options, matchRecord("ipcomp"), "--ipcompspi", ["0"]);
}

/** Looking at no flag says nothing. */
function rewriteTcp(options: SavedOptions, context: SaveContext): void {
  const flags = options.get("--tcp-flags");
  if (flags?.values[0] === "NONE" && !flags.negated) options.delete("--tcp-flags");
  rewritePorts(options, context);
}

/** iptables-nft asks for "above 80" where "not 0 to 80" was said, and prints that. */
function rewritePorts(options: SavedOptions, { backend, release }: SaveContext): void {
  // a match that asks for a tcp option is handed to the kernel as it is
  if (backend !== "nft" || release < RELEASE_1_8_8 || options.has("--tcp-option")) return;
  for (const flag of ["--sport", "--dport"]) {
    const option = options.get(flag);
    const last = option?.negated ? /^0:(\d+)$/.exec(option.values[0] ?? "")?.[1] : undefined;
    if (option === undefined || last === undefined || last === "65535") continue;
    const next = Number(last) + 1;
    options.set(flag, { ...option, negated: false, values: [next === 65535 ? "65535" : `${next}:65535`] });
  }
}

/** The kernel keeps a negated range with its ends swapped, which says nothing of a range of one. */
function losePointNegation(options: SavedOptions): void {
  const option = options.get("--connbytes");
  const [from, to] = option?.values[0]?.split(":") ?? [];
  if (option?.negated && from === to) options.set("--connbytes", { ...option, negated: false });
}

/** iptables-nft has no word for a burst of none. */
function dropZeroBurst(options: SavedOptions, { backend }: SaveContext): void {
  if (backend === "nft" && options.get("--limit-burst")?.values[0] === "0") options.delete("--limit-burst");
}

/** `! --connlimit-upto 5` is saved as `--connlimit-above 5`. */
function swapNegated(options: SavedOptions, below: string, above: string): void {
  for (const [flag, other] of [
    [below, above],
    [above, below],
  ] as const) {
    const option = options.get(flag);
    if (option?.negated !== true) continue;
    options.delete(flag);
    options.set(other, { ...option, flag: other, negated: false });
    return;
  }
}

/** Some names are printed with a blank of their own behind the one of the flag. */
function prefixValue(options: SavedOptions, flag: string): void {
  const option = options.get(flag);
  if (option !== undefined) options.set(flag, { ...option, blank: true });
}

/** iptables-nft has no word for --nflog-range; 1.8.7 printed the prefix with a second blank. */
function rewriteNflog(options: SavedOptions, { backend, release }: SaveContext): void {
  if (backend === "nft") options.delete("--nflog-range");
  if (release < RELEASE_1_8_8) prefixValue(options, "--nflog-prefix");
}

/** 1.8.7 printed --random of REDIRECT with ports only. */
function dropRandomAlone(options: SavedOptions): void {
  if (!options.has("--to-ports")) options.delete("--random");
}

/** hashlimit_mt_save of libxt_hashlimit.c: what is not said depends on the unit of the rate. */
function rewriteHashlimit(options: SavedOptions, context: SaveContext): void {
  swapNegated(options, "--hashlimit-upto", "--hashlimit-above");
  for (const flag of ["--hashlimit-htable-size", "--hashlimit-htable-max"]) {
    const option = options.get(flag);
    // the kernel allows no more (HASHLIMIT_MAX_SIZE of xt_hashlimit.c)
    if (option !== undefined && Number(option.values[0]) > MEGA)
      options.set(flag, { ...option, values: [String(MEGA)] });
  }
  if (options.get("--hashlimit-mode")?.values[0] === "") options.delete("--hashlimit-mode");
  const rate = options.get("--hashlimit-upto") ?? options.get("--hashlimit-above");
  const read = hashlimitRate.parse(rate?.written?.[0] ?? "", context);
  if (rate === undefined || !("value" in read)) return;
  const match = matchRecord("hashlimit");
  const saved = options.has("--hashlimit-rate-match") ? comparedRate(read.value) : read.value;
  const text = hashlimitRate.print(saved, context);
  options.set(rate.flag, { ...rate, values: [text] });
  const burst = options.get("--hashlimit-burst");
  const given = hashlimitBurst.parse(burst?.values[0] ?? "", context);
  const unit = saved.bytes ? bytesOfCost(saved.cost) : 0;
  if (!saved.bytes) {
    const packets = "value" in given ? [String(given.value.amount)] : (burst?.values ?? ["5"]);
    set(options, match, "--hashlimit-burst", packets);
  }
  // the kernel counts whole multiples of the rate
  if (unit > 0 && "value" in given) {
    set(options, match, "--hashlimit-burst", [printBurst(Math.ceil(given.value.amount / unit) * unit)]);
  }
  const expire = options.get("--hashlimit-htable-expire")?.values[0] ?? String(expiry(read.value, burst !== undefined));
  const usual = expiry(saved.bytes ? saved : { ...saved, seconds: secondsOf(text) }, burst !== undefined);
  options.delete("--hashlimit-htable-expire");
  if (expire !== String(usual)) set(options, match, "--hashlimit-htable-expire", [expire]);
  if (!options.has("--hashlimit-rate-match")) options.delete("--hashlimit-rate-interval");
  else if (!saved.bytes && !options.has("--hashlimit-rate-interval")) {
    set(options, match, "--hashlimit-rate-interval", [String(read.value.seconds)]);
  }
}

/** With --hashlimit-rate-match the kernel keeps a number of packets per interval, not a cost. */
function comparedRate(rate: HashlimitRate): HashlimitRate {
  return rate.bytes ? rate : { ...rate, cost: Math.floor(1_000_000 / rate.amount), seconds: 1 };
}

/** Milliseconds after which an entry is forgotten when nothing is said. */
function expiry({ bytes, seconds }: HashlimitRate, withBurst: boolean): number {
  return (bytes ? (withBurst ? 60 : 15) : seconds) * 1000;
}

function secondsOf(rate: string): number {
  return rate.endsWith("day") ? 86_400 : rate.endsWith("hour") ? 3_600 : rate.endsWith("min") ? 60 : 1;
}

/** The pattern decides whether it is printed as text or in hexadecimal. */
function rewriteString(options: SavedOptions, context: SaveContext): void {
  const match = matchRecord("string");
  const hex = options.get("--hex-string");
  const plain = options.get("--string");
  const read = hexPattern.parse(hex?.values[0] ?? "", context);
  if (hex !== undefined && "value" in read && !isHexPattern(read.value)) {
    options.delete("--hex-string");
    set(options, match, "--string", [read.value], hex.negated);
  } else if (plain !== undefined && isHexPattern(plain.values[0] ?? "")) {
    options.delete("--string");
    set(options, match, "--hex-string", [hexOf(plain.values[0] ?? "")], plain.negated);
  }
  const to = options.get("--to");
  if (context.release >= RELEASE_1_8_8 || (to !== undefined && to.values[0] !== "65535")) return;
  options.set("--to", { record: null, flag: "--to", negated: false, values: ["65535"] });
}

/** Days that are not meant are printed as the others; a beginning of the day alone brings its end along. */
function rewriteTime(options: SavedOptions): void {
  const match = matchRecord("time");
  complement(
    options,
    "--monthdays",
    Array.from({ length: 31 }, (_, i) => String(i + 1)),
  );
  complement(options, "--weekdays", ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]);
  const start = options.get("--timestart")?.values[0] ?? "00:00:00";
  const stop = options.get("--timestop")?.values[0] ?? "23:59:59";
  options.delete("--timestart");
  options.delete("--timestop");
  if (start === "00:00:00" && stop === "23:59:59") return;
  // without their records, so that neither is taken for a default
  for (const [flag, value] of [
    ["--timestart", start],
    ["--timestop", stop],
  ] as const) {
    const record = match?.options.find((option) => option.flag === flag);
    if (record === undefined) continue;
    const { omitted: _, ...kept } = record;
    options.set(flag, { record: kept, flag, negated: false, values: [value] });
  }
}

function complement(options: SavedOptions, flag: string, all: readonly string[]): void {
  const option = options.get(flag);
  if (option?.negated !== true) return;
  const without = new Set((option.values[0] ?? "").split(","));
  options.set(flag, { ...option, negated: false, values: [all.filter((day) => !without.has(day)).join(",")] });
}

/** Order of printing within one element of a policy. */
const ELEMENT = ["--reqid", "--spi", "--proto", "--mode", "--tunnel-dst", "--tunnel-src"];

function orderPolicy(options: readonly SavedOption[]): readonly SavedOption[] {
  const place = (flag: string): number => ELEMENT.indexOf(flag);
  const kind = options.find(({ flag }) => flag === "--pol");
  // without a policy there is nothing to tell of its elements
  const told = kind?.values[0] === "none" ? ["--dir", "--pol"] : ["--dir", "--pol", "--strict"];
  const head = told.flatMap((flag) => options.filter((option) => option.flag === flag));
  if (kind?.values[0] === "none") return head;
  const ordered = [...head];
  let element: SavedOption[] = [];
  const close = (): void => {
    ordered.push(...element.sort((a, b) => place(a.flag) - place(b.flag)));
    element = [];
  };
  for (const option of options) {
    if (option.flag === "--next") {
      close();
      ordered.push(option);
    } else if (!head.includes(option)) {
      element.push(option);
    }
  }
  close();
  return ordered;
}

/** rateest_save of libxt_rateest.c: the first estimator, its rates, the comparison, then the second one's. */
function orderRateest(options: readonly SavedOption[]): readonly SavedOption[] {
  const find = (...flags: string[]): SavedOption[] => options.filter(({ flag }) => flags.includes(flag));
  const second = find("--rateest2");
  const delta = find("--rateest-delta");
  const compare = find("--rateest-lt", "--rateest-gt", "--rateest-eq");
  const name = find("--rateest1").map((option) => ({
    ...option,
    flag: second.length > 0 ? "--rateest1" : "--rateest",
  }));
  const plain = find("--rateest-bps", "--rateest-pps");
  const left = find("--rateest-bps1", "--rateest-pps1");
  const right = find("--rateest-bps2", "--rateest-pps2");
  const known = new Set([...second, ...delta, ...compare, ...find("--rateest1"), ...plain, ...left, ...right]);
  const rest = options.filter((option) => !known.has(option));
  return second.length > 0
    ? [...delta, ...name, ...left, ...compare, ...plain, ...second, ...right, ...rest]
    : [...delta, ...name, ...left, ...compare, ...plain, ...right, ...rest];
}

const FULL = "0xffffffff";

/** Saving and restoring print both masks, setting prints neither. */
function rewriteConnmark(options: SavedOptions): void {
  const target = targetRecord("CONNMARK");
  const both = options.get("--mask")?.values[0];
  options.delete("--mask");
  const moves = options.has("--save-mark") || options.has("--restore-mark");
  const change = options.get("--set-xmark");
  const order = [...options.keys()];
  // the mask of a change and --ctmask are one field: the later one counts
  if (change !== undefined && order.indexOf("--ctmask") > order.indexOf("--set-xmark")) {
    const [value = ""] = change.values[0]?.split("/") ?? [];
    options.set("--set-xmark", { ...change, values: [`${value}/${options.get("--ctmask")?.values[0]}`] });
  }
  for (const flag of ["--nfmask", "--ctmask"]) {
    const mask = both ?? options.get(flag)?.values[0] ?? FULL;
    if (moves) set(options, target, flag, [mask]);
    else options.delete(flag);
  }
}

/** What `--hmark-tuple` stands for. */
const TUPLE: ReadonlyMap<string, readonly [flag: string, value: string | { 4: string; 6: string }]> = new Map<
  string,
  readonly [string, string | { 4: string; 6: string }]
>([
  ["src", ["--hmark-src-prefix", { 4: "32", 6: "128" }]],
  ["dst", ["--hmark-dst-prefix", { 4: "32", 6: "128" }]],
  ["sport", ["--hmark-sport-mask", "0xffff"]],
  ["dport", ["--hmark-dport-mask", "0xffff"]],
  ["spi", ["--hmark-spi-mask", FULL]],
]);

function rewriteHmark(options: SavedOptions, { family }: SaveContext): void {
  const target = targetRecord("HMARK");
  const tuple = options.get("--hmark-tuple")?.values[0]?.split(",");
  if (tuple === undefined) return;
  const order = [...options.keys()];
  options.delete("--hmark-tuple");
  for (const part of tuple) {
    const [flag, value] = TUPLE.get(part) ?? ["--hmark-tuple", part];
    // of two that say the same thing the last one counts
    if (order.indexOf(flag) <= order.indexOf("--hmark-tuple"))
      set(options, target, flag, [typeof value === "string" ? value : value[family]]);
  }
}

/** The last queue of an open range is one less from 1.8.10 on. */
function rewriteNfqueue(options: SavedOptions, { release }: SaveContext): void {
  const balance = options.get("--queue-balance");
  const range = balance?.values[0];
  if (balance !== undefined && range?.endsWith(":65535") && release >= 10810) {
    options.set(balance.flag, { ...balance, values: [range.replace(/65535$/, "65534")] });
  }
}

/** The kernel keeps powers of two: of a quarter second for the interval, of the interval for the average. */
function rewriteRateestTarget(options: SavedOptions, context: SaveContext): void {
  const interval = microseconds(options, "--rateest-interval", context);
  const average = microseconds(options, "--rateest-ewmalog", context);
  if (interval === null || average === null) return;
  const target = targetRecord("RATEEST");
  let steps = 0;
  while (steps < 5 && interval > 250_000 * 2 ** steps) steps++;
  const kept = 250_000 * 2 ** steps;
  let power = 0;
  while (power < 30 && interval / -Math.log(1 - 1 / 2 ** (power + 1)) <= average) power++;
  set(options, target, "--rateest-interval", [timeSpan.print(kept, context)]);
  set(options, target, "--rateest-ewmalog", [timeSpan.print(kept * 2 ** power, context)]);
}

function microseconds(options: SavedOptions, flag: string, context: SaveContext): number | null {
  const read = timeSpan.parse(options.get(flag)?.values[0] ?? "", context);
  return "value" in read ? read.value : null;
}
