import { endpointChain, printServicePortName, servicePortHash } from "../../../src/kubernetes/chain-name.ts";
import type { Truth, TruthPort } from "./truth.ts";

/** A dump with what is true of it. */
export interface TrueDump {
  readonly text: string;
  readonly truth: Truth;
}

/** An edit that no kube-proxy would notice, with what is true then. `random` gives numbers from 0 to below 1. */
export type Perturbation = (dump: TrueDump, random: () => number) => TrueDump;

/** Other names for all Services and their ports, other networks; names of chains are computed anew. */
export const renameAndReaddress: Perturbation = ({ text, truth }, random) => {
  const move = readdressing(random);
  const names = new Map<string, string>();
  const chains = new Map<string, string>();
  const servicePorts = truth.servicePorts.map((port): TruthPort => {
    const namespace = `${port.namespace}-b`.slice(-63);
    const service = `s${port.service}`.slice(0, 63);
    const portName = port.portName === "" ? "" : `${port.portName}2`;
    const id = printServicePortName({ namespace, service, portName });
    names.set(port.id, id);
    const moved = JSON.parse(move(JSON.stringify(port))) as TruthPort;
    chains.set(servicePortHash(port.id, port.protocol), servicePortHash(id, port.protocol));
    const endpoints = moved.endpoints.map((endpoint, k) => {
      const chain = endpointChain(id, port.protocol, endpoint.address);
      const before = port.endpoints[k]?.chain;
      if (before !== undefined) chains.set(suffix(before), suffix(chain));
      return { ...endpoint, chain };
    });
    return { ...moved, id, namespace, service, portName, endpoints };
  });
  const ids = [...names.keys()].sort((a, b) => b.length - a.length).map((id) => id.replace(/[.]/g, "\\."));
  const named = text
    .replace(new RegExp(`(?<![\\w./-])(?:${ids.join("|")})(?![\\w:.-])`, "g"), (id) => names.get(id) ?? id)
    .replace(/(KUBE-(?:SVC|SVL|EXT|FW|XLB|SEP)-)([A-Z2-7]{16})/g, (all, prefix: string, hash: string) => {
      const other = chains.get(hash);
      return other === undefined ? all : prefix + other;
    });
  return { text: move(named), truth: { ...truth, servicePorts } };
};

const suffix = (chain: string): string => chain.slice(-16);

/** Networks of the dumps moved to others of the same size. */
function readdressing(random: () => number): (text: string) => string {
  const byte = (): number => 1 + Math.floor(random() * 254);
  const moves = new Map([
    ["10.244.", `100.${64 + Math.floor(random() * 63)}.`],
    ["10.96.", `172.${16 + Math.floor(random() * 15)}.`],
    ["203.0.113.", `45.${byte()}.${byte()}.`],
    ["198.51.100.", `46.${byte()}.${byte()}.`],
    ["192.168.50.", `10.${byte()}.${byte()}.`],
    ["fd00:10:244:", "fd7a:1a:4b:"],
    ["fd00:10:96:", "fd7a:1a:5c:"],
  ]);
  return (text) =>
    text.replace(
      /(?<![\d.])(?:10\.244\.|10\.96\.|203\.0\.113\.|198\.51\.100\.|192\.168\.50\.)|fd00:10:(?:244|96):/g,
      (prefix) => moves.get(prefix) ?? prefix,
    );
}

/** kube-proxy writes the rules of Services in the chains that all share in any order. */
export const shuffle: Perturbation = ({ text, truth }, random) => {
  const lines = text.split("\n");
  for (const chain of ["KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-EXTERNAL-SERVICES"]) {
    const own = new RegExp(`^-A ${chain} (?!.*-j KUBE-NODEPORTS$)`);
    for (let from = 0; from < lines.length; from++) {
      if (!own.test(lines[from] ?? "")) continue;
      let to = from;
      while (own.test(lines[to] ?? "")) to++;
      const blocks = blocksOf(lines.slice(from, to));
      const mixed = blocks.map((block) => [random(), block] as const).sort(([a], [b]) => a - b);
      lines.splice(from, to - from, ...mixed.flatMap(([, block]) => block));
      from = to;
    }
  }
  return { text: lines.join("\n"), truth };
};

/** Rules for the same destination keep their order. */
function blocksOf(lines: readonly string[]): string[][] {
  const blocks = new Map<string, string[]>();
  for (const line of lines) {
    const key = [/ -d (?!127)\S+/, / -p \S+/, / --dport \d+/].map((part) => part.exec(line)?.[0] ?? "").join();
    blocks.set(key, [...(blocks.get(key) ?? []), line]);
  }
  return [...blocks.values()];
}

export const addCounters: Perturbation = ({ text, truth }, random) => ({
  text: text.replace(/^-A /gm, () => `[${Math.floor(random() * 1e6)}:${Math.floor(random() * 1e9)}] -A `),
  truth,
});

/** Rules of Docker, Calico and an administrator, before and behind kube-proxy's own. */
export const addCompany: Perturbation = ({ text, truth }) => {
  const company: Readonly<Record<string, readonly [chains: string, first: string, last: string]>> = {
    nat: [
      ":DOCKER - [0:0]\n:cali-PREROUTING - [0:0]\n:cali-fip-dnat - [0:0]\n:cali-POSTROUTING - [0:0]",
      '-A PREROUTING -m comment --comment "cali:6gwbT8clXdHdC1b1" -j cali-PREROUTING\n-A POSTROUTING -m comment --comment "cali:O3lYWMrLQYEMJtB5" -j cali-POSTROUTING',
      '-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n-A DOCKER ! -i docker0 -p tcp -m tcp --dport 5000 -j DNAT --to-destination 172.17.0.2:5000\n-A cali-PREROUTING -m comment --comment "cali:r6XmIziWUJsdOK6Z" -j cali-fip-dnat',
    ],
    filter: [
      ":DOCKER-USER - [0:0]\n:cali-FORWARD - [0:0]",
      '-A FORWARD -m comment --comment "cali:wUHhoiAYhphO9Mso" -j cali-FORWARD',
      "-A FORWARD -j DOCKER-USER\n-A DOCKER-USER -j RETURN\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT",
    ],
  };
  const lines: string[] = [];
  let table = "";
  for (const line of text.split("\n")) {
    const added = company[table];
    if (line.startsWith("*")) table = line.slice(1).trim();
    else if (added !== undefined && line.startsWith("-A ") && !(lines.at(-1) ?? "").startsWith("-A "))
      lines.push(added[0], added[1]);
    else if (added !== undefined && line === "COMMIT") lines.push(added[2]);
    lines.push(line);
  }
  return { text: lines.join("\n"), truth };
};

/** The text without a table. */
export const withoutTable = (text: string, table: string): string =>
  text.replace(new RegExp(`^\\*${table}\\n[\\s\\S]*?^COMMIT\\n`, "m"), "");
