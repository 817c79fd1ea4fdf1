import type { Edit, Mutant } from "./mutants.ts";

/** A kind of edit after which the rules are what kube-proxy writes for a configuration that differs a little. Reviewed by hand. */
interface OtherConfiguration {
  readonly edit: Edit;
  /** `table chain`, without the hash of the chain's name. */
  readonly chain: string;
  readonly part?: string;
  /** What the edited line must hold. */
  readonly line?: RegExp;
  /** What else must be so. */
  readonly where?: (mutant: Mutant) => boolean;
  readonly means: string;
}

const hashOf = ({ chain }: Mutant): string => chain.slice(-16);

/** Rules of a chain after the edit, without `-A CHAIN`. */
const rulesOf = (mutant: Mutant, chain: string): string[] =>
  mutant
    .text()
    .split("\n")
    .filter((line) => line.startsWith(`-A ${chain} `))
    .map((line) => line.slice(chain.length + 4));

/** Something else leads to the chain that the edited rule led to. */
function isStillUsed(mutant: Mutant): boolean {
  const target = / -j (KUBE-(?:EXT|FW|XLB|SVC)-\w+)/.exec(mutant.before)?.[1];
  return target !== undefined && mutant.text().includes(` -j ${target}\n`);
}

/** No other rule names the Service port of the edited one. */
function wasTheOnlyOne(mutant: Mutant): boolean {
  const name = /--comment "(\S+) has no/.exec(mutant.before)?.[1];
  return name !== undefined && !mutant.text().includes(`"${name} `) && !mutant.text().includes(`"${name}"`);
}

/** The rule that was deleted was the first of several endpoints: the shares of the others are even without it. */
const wasFirstOfSeveral = (mutant: Mutant): boolean =>
  mutant.before.includes(" -m statistic ") &&
  !rulesOf(mutant, mutant.chain).some((rule) => {
    const share = (text: string): number => Number(/--probability ([\d.]+)/.exec(text)?.[1] ?? 1);
    return share(rule) < share(mutant.before);
  });

/** The endpoint that is gone is the only local one: it is terminating, and nothing else is left to take local traffic. */
function isOnlyLocalOne(mutant: Mutant): boolean {
  const target = / -j (KUBE-SEP-\w+)/.exec(mutant.before)?.[1] ?? "";
  const local = rulesOf(mutant, `KUBE-SVL-${hashOf(mutant)}`).filter((rule) => rule.includes(" -j KUBE-SEP-"));
  return wasFirstOfSeveral(mutant) && local.length === 1 && (local[0] as string).endsWith(target);
}

/** Of the time of KUBE-XLB chains. */
const isOld = (mutant: Mutant): boolean => mutant.text().includes("\n:KUBE-XLB-");

/** No other rule of the Service port holds what was changed. */
function isItsOnlyWord(pattern: RegExp): (mutant: Mutant) => boolean {
  return (mutant) => {
    const word = pattern.exec(mutant.before)?.[0] ?? "";
    const name = /--comment "(\S+) /.exec(mutant.before)?.[1] ?? "";
    return !mutant
      .text()
      .split("\n")
      .some((line) => line.includes(`"${name} `) && line.includes(word));
  };
}

/** No other rule of kube-proxy shows what a pod of this node looks like. */
const isOnlyDetector = (mutant: Mutant): boolean => {
  const network = / -s (\S+) /.exec(mutant.before)?.[1];
  return network !== undefined && !mutant.text().includes(` -s ${network} `);
};

/** The built-in chain has rules of others. */
const hasCompany = (mutant: Mutant): boolean =>
  rulesOf(mutant, mutant.chain).some((rule) => !/ -j KUBE-[A-Z-]+$/.test(` ${rule}`));

/** A rule of somebody else's with conditions. */
const isNarrow = ({ after }: Mutant): boolean => / -[sp] /.test(after);

const noEndpoints = /has no endpoints"/;
const address = /(?:external|loadbalancer) IP"/;

export const otherConfigurations: readonly OtherConfiguration[] = [
  { edit: "number", chain: "nat KUBE-NODEPORTS", part: "--dport", means: "another node port" },
  {
    edit: "delete",
    chain: "nat KUBE-NODEPORTS",
    where: isStillUsed,
    means: "no node port (allocateLoadBalancerNodePorts)",
  },
  { edit: "delete", chain: "nat KUBE-SERVICES", line: address, where: isStillUsed, means: "one external IP fewer" },
  { edit: "number", chain: "nat KUBE-SERVICES", part: "-d", line: address, means: "another external IP" },
  {
    edit: "number",
    chain: "nat KUBE-SERVICES",
    part: "-d",
    line: / cluster IP"/,
    where: isItsOnlyWord(/ -d \S+ /),
    means: "another cluster IP",
  },
  {
    edit: "number",
    chain: "nat KUBE-SERVICES",
    part: "--dport",
    line: / cluster IP"/,
    where: isItsOnlyWord(/ --dport \d+ /),
    means: "another port",
  },
  {
    edit: "number",
    chain: "nat KUBE-SERVICES",
    part: "-d",
    line: /^-A KUBE-SERVICES -d \S+ .* -j KUBE-NODEPORTS$/,
    means: "another address of the node in --nodeport-addresses",
  },
  { edit: "number", chain: "nat KUBE-EXT", part: "-s", where: isOnlyDetector, means: "another cluster CIDR" },
  { edit: "delete", chain: "nat KUBE-EXT", line: / -s /, where: isOnlyDetector, means: "no cluster CIDR" },
  { edit: "number", chain: "nat KUBE-FW", part: "-s", means: "another source range" },
  { edit: "drop match", chain: "nat KUBE-FW", part: "-s", means: "the source range 0.0.0.0/0" },
  { edit: "delete", chain: "nat KUBE-FW", line: / -s .* -j KUBE-(?:EXT|SVC|XLB)-/, means: "one source range fewer" },
  { edit: "delete", chain: "nat KUBE-SVL", where: wasFirstOfSeveral, means: "one local endpoint fewer" },
  { edit: "delete", chain: "nat KUBE-XLB", where: wasFirstOfSeveral, means: "one local endpoint fewer" },
  { edit: "delete", chain: "nat KUBE-SVC", line: / ! -s /, where: isOnlyDetector, means: "no cluster CIDR" },
  { edit: "delete", chain: "nat KUBE-SVC", where: isOnlyLocalOne, means: "the only local endpoint is terminating" },
  {
    edit: "number",
    chain: "filter KUBE-EXTERNAL-SERVICES",
    part: "--dport",
    line: noEndpoints,
    means: "another node port",
  },
  {
    edit: "number",
    chain: "filter KUBE-EXTERNAL-SERVICES",
    part: "-d",
    line: noEndpoints,
    means: "another external IP",
  },
  {
    edit: "delete",
    chain: "filter KUBE-EXTERNAL-SERVICES",
    line: noEndpoints,
    means: "one external IP or node port fewer",
  },
  { edit: "number", chain: "filter KUBE-SERVICES", part: "-d", means: "another cluster IP" },
  { edit: "number", chain: "filter KUBE-SERVICES", part: "--dport", means: "another port" },
  { edit: "delete", chain: "filter KUBE-SERVICES", where: wasTheOnlyOne, means: "one Service fewer" },
  { edit: "delete", chain: "filter KUBE-FORWARD", line: /INVALID/, means: "nf_conntrack_tcp_be_liberal is set" },
  {
    edit: "delete",
    chain: "filter FORWARD",
    line: / -j KUBE-EXTERNAL-SERVICES$/,
    where: isOld,
    means: "kube-proxy 1.19",
  },
  {
    edit: "drop match",
    chain: "nat KUBE-SERVICES",
    part: "-d",
    line: / ! -d ::1\/128 .* -j KUBE-NODEPORTS$/,
    means: "kube-proxy 1.26",
  },
  { edit: "flush", chain: "filter KUBE-SERVICES", where: wasTheOnlyOne, means: "one Service fewer" },
  { edit: "flush", chain: "filter KUBE-EXTERNAL-SERVICES", means: "external IPs and node ports fewer" },
  ...(["INPUT", "FORWARD", "OUTPUT"] as const).map((hook) => ({
    edit: "move last" as const,
    chain: `filter ${hook}`,
    where: hasCompany,
    means: "others put their rules first after kube-proxy had started",
  })),
  ...(["INPUT", "FORWARD", "OUTPUT"] as const).map((hook) => ({
    edit: "insert" as const,
    chain: `filter ${hook}`,
    where: isNarrow,
    means: "a firewall of the host's that decides first about some packets",
  })),
  { edit: "policy", chain: "filter FORWARD", means: "a pod network whose packets do not pass FORWARD" },
  { edit: "policy", chain: "filter INPUT", means: "a node that keeps its own ports closed" },
];

/** Names the configuration for which kube-proxy would write exactly this; `null` where there is none. */
export function otherConfiguration(mutant: Mutant): string | null {
  const chain = `${mutant.table} ${mutant.chain.replace(/-[A-Z2-7]{16}$/, "")}`;
  const found = otherConfigurations.find(
    (other) =>
      other.edit === mutant.edit &&
      other.chain === chain &&
      (other.part === undefined || other.part === mutant.part) &&
      (other.line === undefined || other.line.test(mutant.before)) &&
      (other.where === undefined || other.where(mutant)),
  );
  return found?.means ?? null;
}
