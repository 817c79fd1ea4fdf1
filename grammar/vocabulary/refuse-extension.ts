import type { OptionNode, RuleNode, Word } from "../ast.ts";
import { address, prefixOf } from "../values/address.ts";
import { maskedHost } from "../values/address-mask.ts";
import { addressTypes } from "../values/address-type.ts";
import { natRange } from "../values/nat-range.ts";
import { wholeNumber } from "../values/number.ts";
import { protocolNumberOf } from "../values/protocol.ts";
import { bytesOfCost, hashlimitBurst, hashlimitRate, limitRate } from "../values/rate.ts";
import { timeOfDay, timeSpan } from "../values/time.ts";
import type { Backend, ExtensionRecord } from "./record.ts";
import type { Report, RestoreContext } from "./refuse.ts";

/** The options of one extension, and what stands around them. */
interface Case {
  /** First value of the flag; `undefined` where the flag is not given. */
  value(flag: string): string | undefined;
  has(flag: string): boolean;
  /** The word to complain of: the flag where it is given, else the extension's name. */
  at(flag: string): Word;
  readonly options: readonly OptionNode[];
  readonly rule: RuleNode;
  readonly context: RestoreContext;
  readonly report: Report;
}

type Check = (given: Case) => void;

/** What extensions check themselves, beyond what their records say: by kind and name. */
const checks: ReadonlyMap<string, Check> = new Map<string, Check>([
  ["match addrtype", checkAddrtype],
  ["match cgroup", checkCgroup],
  ["match cluster", checkCluster],
  ["match ecn", checkEcn],
  ["match hashlimit", checkHashlimit],
  ["match limit", checkLimit],
  ["match owner", checkOwner],
  ["match physdev", checkPhysdev],
  ["match policy", checkPolicy],
  ["match recent", checkRecent],
  ["match rt", checkRt],
  ["match statistic", checkStatistic],
  ["match string", checkString],
  ["match time", checkTime],
  ["target CT", checkCt],
  ["target DNAT", checkPorts],
  ["target SNAT", checkPorts],
  ["target MASQUERADE", checkPorts],
  ["target REDIRECT", checkPorts],
  ["target DNPT", checkPrefixes],
  ["target SNPT", checkPrefixes],
  ["target ECN", checkEcn],
  ["target TEE", checkTee],
  ["target HMARK", checkHmark],
  ["target LOG", checkLog],
  ["target NFQUEUE", checkNfqueue],
  ["target RATEEST", checkRateest],
  ["target REJECT", checkReject],
  ["target TCPMSS", checkTcpmss],
]);

/** Extensions whose own check asks for presence alone, never for a value. */
const VALUELESS: ReadonlySet<string> = new Set([
  "match cgroup",
  "match physdev",
  "match recent",
  "target CT",
  "target LOG",
]);

/** Options of other extensions of whose values nothing is asked either. */
const VALUELESS_OPTIONS: ReadonlySet<string> = new Set(["--probability"]);

/** Extensions of whose values the kernel asks only where a rule comes by iptables-legacy. */
const LEGACY: ReadonlySet<string> = new Set(["match limit"]);

/** Whether the values of an extension's option can matter to what is refused of it, beyond their types. */
export function weighsValues({ kind, name }: ExtensionRecord, flag: string, backend: Backend): boolean {
  const key = `${kind} ${name}`;
  if (!checks.has(key) || VALUELESS.has(key) || VALUELESS_OPTIONS.has(flag)) return false;
  return backend === "legacy" || !LEGACY.has(key);
}

/** Reports what the extension itself refuses of its options. */
export function extensionRefusals(
  { kind, name }: ExtensionRecord,
  options: readonly OptionNode[],
  word: Word,
  rule: RuleNode,
  context: RestoreContext,
  report: Report,
): void {
  const check = checks.get(`${kind} ${name}`);
  if (check === undefined) return;
  const find = (flag: string): OptionNode | undefined => options.find((option) => option.record?.flag === flag);
  check({
    options,
    rule,
    context,
    report,
    value: (flag) => find(flag)?.values[0]?.text,
    has: (flag) => find(flag) !== undefined,
    at: (flag) => find(flag)?.flag ?? word,
  });
}

/** Number of the protocol that the rule is limited to; `null` where it is limited to none, or to one that is not known. */
function protocolOf({ rule }: Case): number | null {
  const option = rule.options.find(({ record }) => record?.short === "-p");
  const text = option?.values[0]?.text;
  if (text === undefined || option?.negated) return null;
  return wholeNumber(text, 0, 255) ?? protocolNumberOf(text.toLowerCase());
}

const TCP = 6;
const UDP = 17;
const PORT_PROTOCOLS: readonly (number | null)[] = [1, TCP, UDP, 33, 132];

/** Types that the kernel does not know of IPv6 addresses (addrtype_mt_checkentry_v1 of xt_addrtype.c). */
const NOT_IPV6 = ["BROADCAST", "BLACKHOLE", "PROHIBIT", "THROW", "NAT", "XRESOLVE"];

function checkAddrtype({ value, at, report, context }: Case): void {
  if (context.family !== 6) return;
  for (const flag of ["--src-type", "--dst-type"]) {
    const types = addressTypes.parse(value(flag) ?? "", context);
    const foreign = "value" in types ? types.value.find((type) => NOT_IPV6.includes(type)) : undefined;
    if (foreign !== undefined) report(at(flag), `the address type ${foreign} under IPv6`);
  }
}

function checkCgroup({ has, at, report }: Case): void {
  if (has("--cgroup") && has("--path")) report(at("--path"), "--path beside --cgroup", "one of the two");
}

function checkCluster({ value, at, report }: Case): void {
  const total = wholeNumber(value("--cluster-total-nodes") ?? "", 1, 32);
  if (total === null) return;
  const node = wholeNumber(value("--cluster-local-node") ?? "", 1, 32);
  const mask = wholeNumber(value("--cluster-local-nodemask") ?? "", 1, 0xffffffff);
  if (node !== null && node > total) report(at("--cluster-local-node"), `node ${node} of ${total}`, `at most ${total}`);
  if (mask !== null && mask >= 2 ** total)
    report(at("--cluster-local-nodemask"), `a mask of more than ${total} nodes`, `less than ${2 ** total}`);
}

function checkEcn(given: Case): void {
  for (const flag of ["--ecn-tcp-cwr", "--ecn-tcp-ece", "--ecn-tcp-remove"]) {
    if (given.has(flag) && protocolOf(given) !== TCP) given.report(given.at(flag), `${flag} without -p tcp`, "-p tcp");
  }
}

function checkHashlimit({ value, at, report, context }: Case): void {
  const flag = ["--hashlimit-upto", "--hashlimit-above", "--hashlimit"].find((each) => value(each) !== undefined) ?? "";
  const rate = hashlimitRate.parse(value(flag) ?? "", context);
  const burst = hashlimitBurst.parse(value("--hashlimit-burst") ?? "", context);
  if (!("value" in rate) || !("value" in burst)) return;
  const least = rate.value.bytes ? bytesOfCost(rate.value.cost) : 0;
  if (burst.value.amount < least)
    report(at("--hashlimit-burst"), "a burst below the rate of one second", `at least ${least}b`);
  if (!rate.value.bytes && burst.value.amount > 1_000_000)
    report(at("--hashlimit-burst"), "a burst above 1,000,000 packets", "at most 1000000");
}

/** user2credits of xt_limit.c, in 32 bits: HZ times CREDITS_PER_JIFFY is 32,000 for every usual HZ. */
function credits(cost: number): number {
  const perUnit = 32_000;
  if (cost > Math.floor(0xffffffff / perUnit)) return (Math.floor(cost / 10_000) * perUnit) % 2 ** 32;
  return Math.floor((cost * perUnit) / 10_000);
}

/** limit_mt_check of xt_limit.c, which iptables-nft goes round: cost times burst must fit into 32 bits. */
function checkLimit({ value, at, report, context }: Case): void {
  if (context.backend !== "legacy") return;
  const rate = limitRate.parse(value("--limit") ?? "3/hour", context);
  const burst = wholeNumber(value("--limit-burst") ?? "5", 0, 10_000);
  if (burst === 0) report(at("--limit-burst"), "a burst of 0", "at least 1");
  else if (burst !== null && "value" in rate && credits((rate.value * burst) % 2 ** 32) < credits(rate.value)) {
    report(at("--limit"), "a rate and a burst that are too large together", "a smaller burst");
  }
}

function checkOwner({ value, has, at, report, options }: Case): void {
  const place = (flag: string): number => options.findIndex((option) => option.record?.flag === flag);
  if (has("--suppl-groups") && place("--gid-owner") > place("--suppl-groups")) {
    report(at("--suppl-groups"), "--suppl-groups before --gid-owner", "--gid-owner first");
  }
  for (const flag of ["--uid-owner", "--gid-owner"]) {
    const [from, to] = (value(flag) ?? "").split("-").map((part) => wholeNumber(part, 0, 0xffffffff));
    if (from != null && to != null && from > to) report(at(flag), `${flag} with a range that runs backwards`);
  }
}

/** What an element of an IPsec policy may say. */
const ELEMENT = ["--reqid", "--spi", "--proto", "--mode", "--tunnel-src", "--tunnel-dst"];

function checkPolicy(given: Case): void {
  const { value, has, at, report, options, rule } = given;
  const direction = value("--dir");
  const wrong = direction === "in" ? ["OUTPUT", "POSTROUTING"] : ["PREROUTING", "INPUT"];
  if (direction !== undefined && wrong.includes(rule.chain.text))
    report(at("--dir"), `--dir ${direction} in the chain ${rule.chain.text}`);
  if (value("--pol") === "none") {
    const told = options.find(({ record }) => record?.flag === "--strict" || record?.flag === "--next");
    if (told !== undefined) report(told.flag, `${told.flag.text} beside --pol none`, "--pol ipsec");
    return;
  }
  const elements = splitElements(options);
  if (has("--strict") && elements.some((element) => element.size === 0))
    report(at("--strict"), "--strict with an element that says nothing", ELEMENT.join(" or "));
  for (const element of elements) {
    const tunnel = element.get("--tunnel-src") ?? element.get("--tunnel-dst");
    if (tunnel !== undefined && element.get("--mode")?.values[0]?.text !== "tunnel")
      report(tunnel.flag, `${tunnel.flag.text} without --mode tunnel`, "--mode tunnel");
  }
}

/** physdev_mt_check of xt_physdev.c: what a host sends itself leaves through no bridge port that is known yet. */
function checkPhysdev({ has, at, report, rule, options }: Case): void {
  const bridged = options.some(({ record, negated }) => record?.flag === "--physdev-is-bridged" && !negated);
  if (bridged || rule.chain.text !== "OUTPUT") return;
  for (const flag of ["--physdev-out", "--physdev-is-out"]) {
    if (has(flag)) report(at(flag), `${flag} in the chain OUTPUT`, "--physdev-is-bridged beside it");
  }
}

function splitElements(options: readonly OptionNode[]): Map<string, OptionNode>[] {
  const elements = [new Map<string, OptionNode>()];
  for (const option of options) {
    const flag = option.record?.flag ?? "";
    if (flag === "--next") elements.push(new Map());
    else if (ELEMENT.includes(flag)) elements.at(-1)?.set(flag, option);
  }
  return elements;
}

function checkRecent({ has, at, report }: Case): void {
  if (has("--rttl") && (has("--set") || has("--remove"))) report(at("--rttl"), "--rttl beside --set or --remove");
}

/** ip6t_rt.c reads option by option: what it rests on must come before. */
function checkRt({ value, at, report, options }: Case): void {
  const place = (flag: string): number => options.findIndex((option) => option.record?.flag === flag);
  for (const [flag, before] of [
    ["--rt-0-res", "--rt-type"],
    ["--rt-0-addrs", "--rt-type"],
    ["--rt-0-not-strict", "--rt-0-addrs"],
  ] as const) {
    if (place(flag) < 0) continue;
    const wrongType = before === "--rt-type" && wholeNumber(value("--rt-type") ?? "", 0, 0) !== 0;
    const needed = before === "--rt-type" ? "--rt-type 0" : before;
    if (wrongType || place(before) > place(flag)) report(at(flag), `${flag} without ${needed} before it`, needed);
  }
}

function checkStatistic({ value, has, at, report }: Case): void {
  const mode = value("--mode");
  if (mode === "random" && !has("--probability"))
    report(at("--mode"), "--mode random without --probability", "--probability");
  if (mode === "nth" && !has("--every")) report(at("--mode"), "--mode nth without --every", "--every");
  const every = wholeNumber(value("--every") ?? "", 1, 0xffffffff);
  const packet = wholeNumber(value("--packet") ?? "", 0, 0xffffffff);
  if (every !== null && packet !== null && packet >= every)
    report(at("--packet"), `--packet ${packet} of ${every}`, `less than ${every}`);
}

function checkString({ value, at, report }: Case): void {
  for (const flag of ["--string", "--hex-string"]) {
    if (value(flag) === "") report(at(flag), "an empty pattern", "at least one byte");
  }
  const from = wholeNumber(value("--from") ?? "0", 0, 0xffff);
  const to = wholeNumber(value("--to") ?? "65535", 0, 0xffff);
  if (from !== null && to !== null && from > to) report(at("--from"), "--from behind --to", "--from before --to");
}

function checkTime({ value, has, at, report, context }: Case): void {
  if (!has("--contiguous")) return;
  const start = timeOfDay.parse(value("--timestart") ?? "00:00", context);
  const stop = timeOfDay.parse(value("--timestop") ?? "23:59:59", context);
  if ("value" in start && "value" in stop && start.value <= stop.value) {
    report(at("--contiguous"), "--contiguous with a time that does not run past midnight");
  }
}

function checkCt(given: Case): void {
  if (given.has("--helper") && !given.has("--notrack") && protocolOf(given) === null)
    given.report(given.at("--helper"), "--helper without -p", "-p tcp or -p udp");
}

/** NAT of ports needs a protocol that has them; libxt_NAT.c does not look at `!`. */
function checkPorts(given: Case): void {
  const { value, at, report, rule, context } = given;
  const flag = ["--to-destination", "--to-source", "--to-ports"].find((each) => value(each) !== undefined);
  if (flag === undefined) return;
  const range = natRange.parse(value(flag) ?? "", context);
  const hasPorts = flag === "--to-ports" || ("value" in range && range.value.portFrom !== null);
  const option = rule.options.find(({ record }) => record?.short === "-p");
  const name = option?.values[0]?.text ?? "all";
  const number = wholeNumber(name, 0, 255) ?? protocolNumberOf(name.toLowerCase());
  if (hasPorts && number !== null && !PORT_PROTOCOLS.includes(number))
    report(at(flag), "ports without a protocol that has ports", "-p tcp, -p udp, -p sctp or -p dccp");
}

/** ip6t_npt_checkentry of ip6t_NPT.c: prefixes of at most 64 bits with nothing behind them. */
function checkPrefixes({ value, at, report }: Case): void {
  for (const flag of ["--src-pfx", "--dst-pfx"]) {
    const read = maskedHost.parse(value(flag) ?? "", { family: 6 });
    if (!("value" in read)) continue;
    const { bits, host, mask } = read.value;
    if (bits !== host || (prefixOf(mask, 6) ?? 128) > 64)
      report(at(flag), `${flag} that is no prefix of at most 64 bits`, "a prefix such as fd00::/64");
  }
}

function checkTee({ value, at, report, context }: Case): void {
  const read = address.parse(value("--gateway") ?? "", context);
  if ("value" in read && read.value.bits === 0n)
    report(at("--gateway"), "the gateway is the unspecified address", "an address of a host");
}

/** Parts of `--hmark-tuple` with the options that they stand for. */
const TUPLE_FLAGS = [
  ["src", "--hmark-src-prefix"],
  ["dst", "--hmark-dst-prefix"],
] as const;

function checkHmark({ has, at, report, value }: Case): void {
  const tuple = (value("--hmark-tuple") ?? "").split(",");
  for (const [part, flag] of TUPLE_FLAGS) {
    if (tuple.includes(part) && has(flag))
      report(at(flag), `${flag} beside ${part} in --hmark-tuple`, "one of the two");
  }
  const spi = has("--hmark-spi-mask") || tuple.includes("spi");
  const ports =
    has("--hmark-sport-mask") || has("--hmark-dport-mask") || tuple.includes("sport") || tuple.includes("dport");
  if (spi && ports) report(at("--hmark-tuple"), "a hash over ports and security parameter index", "one of the two");
}

function checkLog({ value, at, report }: Case): void {
  if (value("--log-prefix")?.includes("\n")) report(at("--log-prefix"), "a newline in --log-prefix");
}

function checkNfqueue({ value, at, report, context }: Case): void {
  const range = value("--queue-balance");
  if (range === undefined) return;
  const [first, last] = range.split(":");
  const from = first === "" ? 0 : wholeNumber(first ?? "", 0, 0xffff);
  const open = context.release < 10810 ? 0xffff : 0xfffe;
  const to = last === undefined ? undefined : last === "" ? open : wholeNumber(last, 0, 0xffff);
  if (to === undefined) report(at("--queue-balance"), "--queue-balance with a single queue", "a range a:b");
  else if (from === 0 && to === 0xffff)
    report(at("--queue-balance"), "--queue-balance over all 65,536 queues", "one queue less");
  else if (from !== null && to !== null && from >= to)
    report(at("--queue-balance"), "--queue-balance with a range that does not rise", "a range a:b");
}

function checkRateest({ value, at, report, context }: Case): void {
  const interval = timeSpan.parse(value("--rateest-interval") ?? "", context);
  const average = timeSpan.parse(value("--rateest-ewmalog") ?? "", context);
  if (!("value" in interval) || !("value" in average)) return;
  let power = 0;
  while (power < 31 && interval.value / -Math.log(1 - 1 / 2 ** (power + 1)) <= average.value) power++;
  if (power === 0 || power === 31) report(at("--rateest-ewmalog"), "an average that does not fit the interval");
}

function checkReject(given: Case): void {
  const { value, at, report } = given;
  const type = value("--reject-with")?.toLowerCase() ?? "";
  if (type.startsWith("tcp") && protocolOf(given) !== TCP)
    report(at("--reject-with"), `${type} without -p tcp`, "-p tcp");
}

/** The kernel wants a match for SYN packets; iptables-nft keeps it where the kernel does not see it. */
function checkTcpmss({ rule, context, at, report }: Case): void {
  const SYN = 2;
  if (context.backend !== "legacy") return;
  const syn = rule.matches.some(
    ({ name, options }) =>
      name === "tcp" &&
      options.some(({ record, negated, values }) => {
        if (negated || record === null) return false;
        if (record.flag === "--syn") return true;
        const read = values.map((word, i) => record.codecs[i]?.parse(word.text, context));
        return (
          record.flag === "--tcp-flags" &&
          read.every((each) => each !== undefined && "value" in each && ((each.value as number) & SYN) !== 0)
        );
      }),
  );
  if (!syn) report(at("--set-mss"), "TCPMSS without a match for SYN packets", "-m tcp --syn");
}
