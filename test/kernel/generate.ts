import type { Probe } from "./bed.ts";
import type { Random } from "./random.ts";
import { type Scene, SET_LOOKUPS } from "./scenes.ts";

const PORTS = [53, 80, 443, 30080];
const HOOKS = {
  raw: ["PREROUTING", "OUTPUT"],
  mangle: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
  nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
  filter: ["INPUT", "FORWARD", "OUTPUT"],
} as const;
type Table = keyof typeof HOOKS;

export interface Generated {
  readonly text: string;
  /** Rules remember clients: packets must be sent one by one. */
  readonly remembers: boolean;
}

/** A rule set of kinds of rules that packets can tell apart. */
export function generateDump(random: Random, scene: Scene, sets = ""): Generated {
  const remembers = random.chance(0.15);
  const maker = new RuleMaker(random, scene, remembers, sets);
  let text = "";
  for (const table of Object.keys(HOOKS) as Table[]) {
    if (table !== "nat" && random.chance(0.25)) continue;
    text += maker.table(table);
  }
  return { text, remembers };
}

/** A packet that such rules may be about. */
export function generateProbe(random: Random, scene: Scene): Probe {
  const protocol = random.chance(0.6) ? "tcp" : "udp";
  const port = random.pick(PORTS);
  if (random.chance(0.3)) {
    const targets = [...scene.others, ...scene.own, ...scene.clients.map((client) => client.address)];
    const to = random.pick(targets);
    // a socket that talks to its own address needs no source of its own
    return { from: random.pick(scene.own), in: "local", to, protocol, port };
  }
  const client = random.pick(scene.clients);
  // clients behind one interface share a network, so what they send each other never gets to the node
  const others = scene.clients.filter((other) => other.interface !== client.interface).map(({ address }) => address);
  const to = random.pick([...scene.others, ...scene.own, ...scene.own, ...others]);
  return { from: client.address, in: client.interface, to, protocol, port };
}

class RuleMaker {
  readonly #random: Random;
  readonly #scene: Scene;
  readonly #remembers: boolean;
  readonly #lookups: readonly string[];

  constructor(random: Random, scene: Scene, remembers: boolean, sets: string) {
    this.#random = random;
    this.#scene = scene;
    this.#remembers = remembers;
    this.#lookups = SET_LOOKUPS.filter((lookup) => sets.includes(`create ${lookup.split(" ")[0]} `));
  }

  table(table: Table): string {
    const random = this.#random;
    // a user-defined chain is reached from one group of hooks only, for which its targets are made
    const chains: { name: string; hooks: readonly string[] }[] = [];
    const groups = table === "nat" ? [["PREROUTING", "OUTPUT"], ["POSTROUTING"], ["INPUT"]] : [HOOKS[table]];
    for (const hooks of groups) {
      const count = random.below(4);
      for (let k = 0; k < count; k++) chains.push({ name: `${hooks[0]?.slice(0, 3)}-${k}`, hooks });
    }
    const rules: string[] = [];
    for (const hook of HOOKS[table]) {
      const count = random.below(4);
      for (let k = 0; k < count; k++) {
        rules.push(
          this.#rule(
            table,
            hook,
            [hook],
            chains.filter(({ hooks }) => hooks.includes(hook)).map(({ name }) => name),
          ),
        );
      }
    }
    chains.forEach(({ name, hooks }, i) => {
      const count = random.below(5);
      const later = chains
        .slice(i + 1)
        .filter((other) => other.hooks === hooks)
        .map((other) => other.name);
      for (let k = 0; k < count; k++) rules.push(this.#rule(table, name, hooks, later));
    });
    const policies = HOOKS[table].map((hook) => `:${hook} ${random.chance(0.06) ? "DROP" : "ACCEPT"} [0:0]\n`);
    const declared = chains.map(({ name }) => `:${name} - [0:0]\n`);
    return `*${table}\n${policies.join("")}${declared.join("")}${rules.map((rule) => `${rule}\n`).join("")}COMMIT\n`;
  }

  #rule(table: Table, chain: string, hooks: readonly string[], chains: readonly string[]): string {
    const random = this.#random;
    const { protocol, target } = this.#target(table, hooks, chains);
    const asked = protocol ?? (random.chance(0.5) ? random.pick(["tcp", "udp"]) : null);
    const words = [`-A ${chain}`];
    if (random.chance(0.35)) words.push(`${this.#not()}-s ${this.#network()}`);
    if (random.chance(0.4)) words.push(`${this.#not()}-d ${this.#network()}`);
    const builtIn = hooks.length === 1;
    if (random.chance(0.15) && !(builtIn && (hooks[0] === "OUTPUT" || hooks[0] === "POSTROUTING"))) {
      words.push(`${this.#not()}-i ${random.pick(["eth0", "cni0", "cni+", "lo", "eth1"])}`);
    }
    if (random.chance(0.15) && !(builtIn && (hooks[0] === "INPUT" || hooks[0] === "PREROUTING"))) {
      words.push(`${this.#not()}-o ${random.pick(["out0", "cni0", "eth+", "lo"])}`);
    }
    if (asked !== null) words.push(`-p ${asked}`);
    const matches = random.below(3);
    for (let k = 0; k < matches; k++) words.push(this.#match(asked, table, hooks));
    if (target !== "") words.push(target);
    return words.join(" ");
  }

  #match(protocol: string | null, table: Table, hooks: readonly string[]): string {
    const random = this.#random;
    const not = this.#not();
    const port = random.pick(PORTS);
    const kinds: (() => string)[] = [
      () => `-m mark ${not}--mark 0x${random.pick(["1/0x1", "2/0x2", "3", "0/0x3", "4000/0x4000"])}`,
      () => `-m connmark ${not}--mark 0x${random.pick(["1/0x1", "2/0x2", "0"])}`,
      () =>
        `-m conntrack ${not}--ctstate ${this.#states(["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED", "DNAT", "SNAT"])}`,
      () => `-m state ${not}--state ${this.#states(["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED"])}`,
      () => `-m conntrack ${not}--ctorigdst ${this.#prefix()}`,
      () => `-m conntrack ${not}--ctorigsrc ${this.#prefix()}`,
      () => `-m conntrack ${not}--ctreplsrc ${this.#prefix()}`,
      () => `-m conntrack ${not}--ctrepldst ${this.#prefix()}`,
      () => `-m conntrack --ctstate NEW,DNAT ${not}--ctorigdst ${this.#prefix()}`,
      () => `-m conntrack --ctproto ${random.pick([6, 17])} ${not}--ctorigdstport ${port}`,
      () => `-m conntrack --ctdir ${random.pick(["ORIGINAL", "REPLY"])}`,
      () =>
        `-m conntrack ${not}--ctstatus ${random.pick(["NONE", "CONFIRMED", "EXPECTED", "SEEN_REPLY", "ASSURED", "NONE,CONFIRMED"])}`,
      () => `-m addrtype ${not}--dst-type ${random.pick(["LOCAL", "UNICAST", "MULTICAST", "LOCAL,MULTICAST"])}`,
      () => `-m addrtype ${not}--src-type ${random.pick(["LOCAL", "UNICAST"])}`,
      () => `-m iprange ${not}--${random.pick(["src", "dst"])}-range ${this.#range()}`,
      () => `-m statistic --mode random ${not}--probability ${random.pick([0.5, 0.25, 0.33333333349])}`,
      () => `-m statistic --mode nth --every ${random.pick([2, 3])} --packet 0`,
      () => `-m pkttype ${not}--pkt-type ${random.pick(["unicast", "multicast"])}`,
      () => `-m physdev ${not}--physdev-is-in`,
      () => `-m comment --comment ${random.pick(["plain", '"with blanks"'])}`,
      () => `-m dscp ${not}--dscp 0x${random.pick(["00", "0a"])}`,
      () => `-m tos ${not}--tos 0x${random.pick(["28/0xff", "00/0x0f", "08/0x08"])}`,
      () => `-m ecn ${not}--ecn-ip-ect ${random.pick([0, 1])}`,
      () =>
        this.#scene.family === 4
          ? `-m ttl ${random.pick(["--ttl-eq 64", "--ttl-lt 64", "--ttl-gt 10"])}`
          : `-m hl ${random.pick(["--hl-eq 64", "--hl-lt 64", "--hl-gt 10"])}`,
      () => `-m connlabel ${not}--label 40`,
      () => `-m helper ${not}--helper ftp`,
      ...(this.#lookups.length > 0 ? [() => this.#lookup(not), () => this.#lookup(not), () => this.#lookup(not)] : []),
    ];
    if (protocol !== null) {
      kinds.push(
        () => `-m ${protocol} ${not}--dport ${port}`,
        () => `-m ${protocol} ${not}--dport ${random.pick(["0:80", "80:443", "1024:65535"])}`,
        () => `-m ${protocol} ${not}--sport ${random.pick(["1:1023", "1024:65535"])}`,
        () => `-m multiport ${not}--${random.pick(["dports", "ports"])} ${port},${random.pick(["8080", "400:500"])}`,
      );
    }
    if (protocol === "tcp") {
      kinds.push(
        () => `-m tcp ${not}--tcp-flags ${random.pick(["FIN,SYN,RST,ACK SYN", "SYN SYN", "ACK ACK", "SYN,ACK NONE"])}`,
      );
    }
    if (this.#remembers) {
      const name = random.pick(["one", "two"]);
      const side = random.pick(["--rsource", "--rsource", "--rdest"]);
      kinds.push(
        () => `-m recent ${not}--set --name ${name} ${side}`,
        () => `-m recent ${not}--rcheck --name ${name} ${side}`,
        () => `-m recent ${not}--update --seconds 60 --name ${name} ${side}`,
        () => `-m recent ${not}--remove --name ${name} ${side}`,
        () => `-m recent --rcheck --seconds 60 --hitcount ${random.pick([1, 2])} --name ${name} ${side}`,
      );
    }
    if ((table === "raw" || table === "mangle") && hooks.length === 1 && hooks[0] === "PREROUTING") {
      kinds.push(() => `-m rpfilter${random.chance(0.5) ? " --invert" : ""}`);
    }
    if (hooks.length === 1 && hooks[0] === "OUTPUT") {
      kinds.push(() => `-m owner ${not}--uid-owner ${random.pick([0, 1000])}`);
    }
    return random.pick(kinds)();
  }

  #target(
    table: Table,
    hooks: readonly string[],
    chains: readonly string[],
  ): { protocol: string | null; target: string } {
    const random = this.#random;
    const { family } = this.#scene;
    const plain = (target: string) => ({ protocol: null, target });
    if (chains.length > 0 && random.chance(0.35)) {
      return plain(`${random.chance(0.2) ? "-g" : "-j"} ${random.pick(chains)}`);
    }
    const kinds: (() => { protocol: string | null; target: string })[] = [
      () => plain("-j ACCEPT"),
      () => plain("-j RETURN"),
      () => plain(`-j MARK --set-xmark 0x${random.pick(["1/0x1", "2/0x2", "4000/0x4000", "3/0xffffffff", "1/0x0"])}`),
      () =>
        plain(
          `-j CONNMARK ${random.pick(["--set-xmark 0x1/0x1", "--set-xmark 0x2/0xffffffff", "--save-mark --nfmask 0xffffffff --ctmask 0xffffffff", "--restore-mark --nfmask 0x3 --ctmask 0x3"])}`,
        ),
      () => plain(""),
    ];
    if (table !== "nat") kinds.push(() => plain("-j DROP"));
    if (table === "raw") kinds.push(() => plain(random.pick(["-j NOTRACK", "-j CT --notrack"])));
    if (table === "mangle")
      kinds.push(() =>
        plain(
          random.pick([
            "-j DSCP --set-dscp 0x0a",
            "-j TOS --set-tos 0x28/0xff",
            "-j TOS --set-tos 0x08/0x00",
            family === 4 ? "-j TTL --ttl-set 20" : "-j HL --hl-set 20",
            family === 4 ? "-j TTL --ttl-dec 1" : "-j HL --hl-dec 1",
          ]),
        ),
      );
    if (table === "filter") {
      kinds.push(
        () => plain(`-j REJECT --reject-with ${random.pick(this.#rejects())}`),
        () => ({ protocol: "tcp", target: "-j REJECT --reject-with tcp-reset" }),
      );
    }
    if (table === "nat") kinds.push(...this.#natKinds(hooks));
    return random.pick(kinds)();
  }

  #natKinds(hooks: readonly string[]): (() => { protocol: string | null; target: string })[] {
    const random = this.#random;
    const { others, own, clients, family } = this.#scene;
    const host = (address: string) => (family === 6 ? `[${address}]` : address);
    const protocol = () => random.pick(["tcp", "udp"]);
    if (hooks.includes("PREROUTING") || hooks.includes("OUTPUT")) {
      const targets = [...others, ...own, ...clients.map((client) => client.address)];
      return [
        () => ({
          protocol: protocol(),
          target: `-j DNAT --to-destination ${host(random.pick(targets))}:${random.pick([80, 8080])}`,
        }),
        () => ({ protocol: null, target: `-j DNAT --to-destination ${random.pick(targets)}` }),
        () => ({ protocol: protocol(), target: "-j REDIRECT --to-ports 8080" }),
        () => ({ protocol: null, target: `-j NETMAP --to ${family === 6 ? "fd00:10:97::/112" : "10.97.0.0/16"}` }),
      ];
    }
    const sources = [family === 6 ? "2001:db8:9::9" : "192.0.2.200", own[1] as string];
    const kinds = [
      () => ({ protocol: null, target: `-j SNAT --to-source ${random.pick(sources)}` }),
      () => ({ protocol: protocol(), target: `-j SNAT --to-source ${host(random.pick(sources))}:4000-4999` }),
    ];
    if (hooks.includes("POSTROUTING")) {
      kinds.push(
        () => ({ protocol: null as never, target: "-j MASQUERADE" }),
        () => ({ protocol: null as never, target: "-j MASQUERADE --random-fully" }),
      );
    }
    return kinds;
  }

  #rejects(): readonly string[] {
    return this.#scene.family === 6
      ? ["icmp6-no-route", "icmp6-adm-prohibited", "icmp6-addr-unreachable", "icmp6-port-unreachable"]
      : [
          "icmp-net-unreachable",
          "icmp-host-unreachable",
          "icmp-proto-unreachable",
          "icmp-port-unreachable",
          "icmp-net-prohibited",
          "icmp-host-prohibited",
          "icmp-admin-prohibited",
        ];
  }

  #lookup(not: string): string {
    return `-m set ${not}--match-set ${this.#random.pick(this.#lookups)}`;
  }

  #states(all: readonly string[]): string {
    const chosen = all.filter(() => this.#random.chance(0.4));
    return chosen.length === 0 ? "NEW" : chosen.join(",");
  }

  #not(): string {
    return this.#random.chance(0.3) ? "! " : "";
  }

  #network(): string {
    const { networks, others, own, clients } = this.#scene;
    const hosts = [...others, ...own, ...clients.map((client) => client.address)];
    return this.#random.chance(0.5) ? this.#random.pick(networks) : this.#random.pick(hosts);
  }

  /** Masks with holes are for -s and -d alone. */
  #prefix(): string {
    const network = this.#network();
    return network.includes("/255") ? "10.0.0.0/8" : network;
  }

  #range(): string {
    return this.#scene.family === 6 ? "fd00:10:96::-fd00:10:96::15" : "10.96.0.0-10.96.0.15";
  }
}
