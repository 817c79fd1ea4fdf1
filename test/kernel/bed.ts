import { spawnSync } from "node:child_process";
import { OBSERVERS, observersFor, readObservations, SETS, type Seen } from "./observers.ts";
import { Sender } from "./sender.ts";

/** A packet to be sent. `in` is the interface of the node that it comes in by; "local": the node itself sends it. */
export interface Probe {
  readonly from: string;
  readonly in: string;
  readonly to: string;
  readonly protocol: "tcp" | "udp";
  readonly port: number;
}

/** Somebody who sends: the node reaches the address by the interface. */
export interface Client {
  readonly address: string;
  readonly interface: string;
}

export interface BedOptions {
  readonly backend: "nft" | "legacy";
  readonly family: 4 | 6;
  /** Interfaces behind which clients are. */
  readonly inside: readonly string[];
  /** The interface by which everything else leaves. */
  readonly outside: string;
}

const TABLES = {
  raw: ["PREROUTING", "OUTPUT"],
  mangle: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
  nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
  filter: ["INPUT", "FORWARD", "OUTPUT"],
  security: ["INPUT", "FORWARD", "OUTPUT"],
} as const;
const EMPTY = Object.entries(TABLES)
  .map(([table, chains]) => `*${table}\n${chains.map((chain) => `:${chain} ACCEPT [0:0]\n`).join("")}COMMIT\n`)
  .join("");

/** Addresses that the interfaces of a bed's node have. */
export function interfaceAddresses({ family, inside, outside }: BedOptions): Map<string, string> {
  const addresses = inside.map((name, i): [string, string] => [
    name,
    `${family === 6 ? "fd00:fffe::" : "198.19.0."}${i + 1}`,
  ]);
  return new Map([...addresses, [outside, family === 6 ? "fd00:ffff::1" : "198.18.0.1"]]);
}

let beds = 0;

/** Why there can be no bed here; `null` when there can. */
export function whyNoBed(): string | null {
  if (process.getuid?.() !== 0) return "only root can make network namespaces";
  for (const [tool, ...args] of [
    ["ip", "-V"],
    ["nft", "--version"],
    ["conntrack", "-V"],
    ["iptables-nft-restore", "-V"],
    ["iptables-legacy-restore", "-V"],
  ] as const) {
    if (spawnSync(tool, args).error !== undefined) return `${tool} is not installed`;
  }
  const name = `iptlint-try-${process.pid}`;
  const made = spawnSync("ip", ["netns", "add", name], { encoding: "utf8" });
  spawnSync("ip", ["netns", "del", name]);
  return made.status === 0 ? null : `network namespaces cannot be made: ${made.stderr.trim()}`;
}

/**
 * A node, the clients in front of it and the world behind it, each a network namespace of its own. A dump is loaded into the
 * node by the real iptables-restore, packets are sent through it, and nftables rules that change nothing tell what became of them.
 */
export class Bed {
  readonly options: BedOptions;
  readonly addressOf: ReadonlyMap<string, string>;
  readonly #name = `iptlint-${process.pid}-${++beds}`;
  readonly #node = `${this.#name}-node`;
  readonly #world = `${this.#name}-world`;
  readonly #insides = new Map<string, string>();
  readonly #senders = new Map<string, Sender>();
  readonly #clients = new Map<string, Client>();
  #own: readonly string[] = [];
  #nextPort = 20_000;

  constructor(options: BedOptions) {
    this.options = options;
    this.addressOf = interfaceAddresses(options);
    for (const [i, name] of options.inside.entries()) this.#insides.set(name, `${this.#name}-in${i}`);
    try {
      this.#build();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Addresses of the node besides those of its interfaces. */
  get own(): readonly string[] {
    return this.#own;
  }

  get clients(): readonly Client[] {
    return [...this.#clients.values()];
  }

  close(): void {
    for (const sender of this.#senders.values()) sender.stop();
    for (const namespace of [this.#node, this.#world, ...this.#insides.values()]) {
      spawnSync("ip", ["netns", "del", namespace]);
    }
  }

  /** Loads a dump in place of the last one; gives back what iptables-restore says when it refuses. */
  load(dump: string): string | null {
    const { backend, family } = this.options;
    const restore = `${family === 6 ? "ip6tables" : "iptables"}-${backend}-restore`;
    const emptied = this.#try(this.#node, [restore], EMPTY);
    if (emptied !== null) throw new Error(`${restore} refuses empty tables: ${emptied}`);
    return this.#try(this.#node, [restore], dump);
  }

  /** Makes the sets of an `ipset save` in place of all others, for all dumps to come; gives back those whose types the kernel has. */
  makeSets(text: string): string {
    this.load("");
    this.#try(this.#node, ["ipset", "destroy"], "");
    const bySet = new Map<string, string>();
    for (const line of text.split("\n").filter((each) => each !== "")) {
      const name = line.split(" ")[1] ?? "";
      bySet.set(name, `${bySet.get(name) ?? ""}${line}\n`);
    }
    return [...bySet.values()].filter((set) => this.#try(this.#node, ["ipset", "restore"], set) === null).join("");
  }

  /** From now on the node has these addresses, besides those of its interfaces. */
  setOwn(addresses: readonly string[]): void {
    const { family } = this.options;
    const full = family === 6 ? "128 nodad" : "32";
    const gone = this.#own.filter((address) => !addresses.includes(address));
    const come = addresses.filter((address) => !this.#own.includes(address));
    this.#batch(this.#node, [
      ...gone.map((address) => `addr del ${address}/${full.replace(" nodad", "")} dev lo`),
      ...come.map((address) => `addr add ${address}/${full} dev lo`),
    ]);
    this.#own = [...addresses];
  }

  /** From now on these clients exist, and no others. */
  setClients(clients: readonly Client[]): void {
    const wanted = new Map(clients.map((client) => [`${client.interface} ${client.address}`, client]));
    for (const [key, client] of this.#clients) if (!wanted.has(key)) this.#removeClient(key, client);
    for (const [key, client] of wanted) if (!this.#clients.has(key)) this.#addClient(key, client);
  }

  /** Sends the packets all at once and tells what became of each. Connections and lists of clients are forgotten before, unless asked. */
  async send(probes: readonly Probe[], remember = false): Promise<Seen[]> {
    const packets = probes.map((probe) => ({ ...probe, sourcePort: this.#port() }));
    if (!remember) this.#forget();
    const bySender = new Map<string, typeof packets>();
    for (const packet of packets) bySender.set(packet.in, [...(bySender.get(packet.in) ?? []), packet]);
    for (const [name, mine] of bySender) await this.#sender(name).ask({ do: "send", packets: mine });
    const seen = await this.#observe(packets);
    for (const name of bySender.keys()) await this.#sender(name).ask({ do: "close" });
    return seen;
  }

  /** The same for datagrams of which each socket sends `count`, one after the other: a list per datagram. */
  async sendAgain(probes: readonly Probe[], count: number): Promise<Seen[][]> {
    const packets = probes.map((probe) => ({ ...probe, sourcePort: this.#port() }));
    this.#forget();
    const all: Seen[][] = [];
    for (let round = 0; round < count; round++) {
      for (const packet of packets) {
        const command = round === 0 ? { do: "send", packets: [packet] } : { do: "again", ports: [packet.sourcePort] };
        await this.#sender(packet.in).ask(command);
      }
      all.push(await this.#observe(packets));
      this.#run(["nft", "-f", "-"], flushes(), this.#node);
    }
    for (const packet of packets) await this.#sender(packet.in).ask({ do: "close" });
    return all;
  }

  /** Opens connections to servers of the world behind the node; tells of each what became of the packet that completes its handshake. */
  async sendEstablished(probes: readonly Probe[]): Promise<Seen[]> {
    const packets = probes.map((probe) => ({ ...probe, sourcePort: this.#port() }));
    await this.#serve();
    this.#forget();
    for (const packet of packets) await this.#sender(packet.in).ask({ do: "send", packets: [packet] });
    const seen = await this.#observe(packets, true);
    for (const packet of packets) await this.#sender(packet.in).ask({ do: "close" });
    this.#run(["nft", "delete", "table", "inet", "iptlint_server"], "", this.#world);
    return seen;
  }

  /** Every tcp port of the world leads to one server. */
  async #serve(): Promise<void> {
    const { family } = this.options;
    const l3 = `meta nfproto ${family === 6 ? "ipv6" : "ipv4"}`;
    this.#run(
      ["nft", "-f", "-"],
      `table inet iptlint_server {
 chain prerouting { type nat hook prerouting priority -100; ${l3} iifname w0 tcp dport != 9 redirect to :9; }
}
`,
      this.#world,
    );
    if (this.#senders.has(this.#world)) return;
    const server = new Sender(this.#world);
    this.#senders.set(this.#world, server);
    await server.ask({ do: "serve" });
  }

  async #observe(packets: readonly (Probe & { readonly sourcePort: number })[], later = false): Promise<Seen[]> {
    // packets are handled as they are sent; two readings that agree say that the last one has got where it goes
    let before = "";
    const senders = new Set(packets.map((packet) => packet.in));
    for (;;) {
      const text = this.#run(["nft", "-j", "list", "table", "inet", OBSERVERS], "", this.#node);
      const replies = [...this.#insides]
        .filter(([name]) => senders.has(name))
        .map(([name, namespace]) => ({
          name,
          text: this.#run(["nft", "-j", "list", "table", "inet", OBSERVERS], "", namespace),
        }));
      const now = text + replies.map((reply) => reply.text).join("");
      if (now === before) return packets.map((packet) => readObservations(packet, text, replies, later));
      before = now;
      await new Promise((done) => setTimeout(done, 4));
    }
  }

  #forget(): void {
    spawnSync("ip", ["netns", "exec", this.#node, "conntrack", "-F"]);
    this.#run(["sh", "-c", "for f in /proc/net/xt_recent/*; do [ ! -e $f ] || echo / > $f; done"], "", this.#node);
    this.#run(["nft", "-f", "-"], flushes(), this.#node);
  }

  /** Packets are told apart by their source ports, so what clients have seen is forgotten before one comes again. */
  #port(): number {
    if (++this.#nextPort > 60_000) {
      this.#nextPort = 20_000;
      for (const namespace of this.#insides.values()) this.#run(["nft", "-f", "-"], flushes(), namespace);
    }
    return this.#nextPort;
  }

  #sender(name: string): Sender {
    const namespace = name === "local" ? this.#node : this.#insides.get(name);
    if (namespace === undefined) throw new Error(`the bed has no interface ${name}`);
    let sender = this.#senders.get(namespace);
    if (sender === undefined) {
      sender = new Sender(namespace);
      this.#senders.set(namespace, sender);
    }
    return sender;
  }

  #build(): void {
    const { family, outside } = this.options;
    const six = family === 6;
    const full = six ? 128 : 32;
    const nodad = six ? " nodad" : "";
    for (const namespace of [this.#node, this.#world, ...this.#insides.values()]) {
      this.#run(["ip", "netns", "add", namespace]);
      this.#run(["sh", "-c", SYSCTLS], "", namespace);
      this.#batch(namespace, ["link set lo up"]);
    }
    let k = 0;
    const links: string[] = [];
    for (const [name, namespace] of this.#insides) {
      k++;
      links.push(
        `link add ${name} address 02:00:00:00:${hex(k)}:01 type veth peer name c0 address 02:00:00:00:${hex(k)}:02 netns ${namespace}`,
        `link set ${name} up`,
      );
    }
    const worldAddress = six ? "fd00:ffff::2" : "198.18.0.2";
    links.push(
      `link add ${outside} address 02:00:00:00:ff:01 type veth peer name w0 address 02:00:00:00:ff:02 netns ${this.#world}`,
      `link set ${outside} up`,
    );
    this.#batch(this.#node, links);
    this.#run(["sh", "-c", SYSCTLS], "", this.#node);
    this.#batch(this.#node, [
      ...[...this.addressOf].map(([name, address]) => `addr add ${address}/${full} dev ${name}${nodad}`),
      `neigh replace ${worldAddress} lladdr 02:00:00:00:ff:02 dev ${outside} nud permanent`,
      `route add default via ${worldAddress} dev ${outside} onlink`,
    ]);
    this.#run(["sh", "-c", SYSCTLS], "", this.#world);
    // the world takes every address for its own, and answers
    this.#batch(this.#world, [
      "link set w0 up",
      `addr add ${worldAddress}/${full} dev w0${nodad}`,
      `neigh replace ${this.addressOf.get(outside)} lladdr 02:00:00:00:ff:01 dev w0 nud permanent`,
      `route add default via ${this.addressOf.get(outside)} dev w0 onlink`,
      // in the table "local" itself: an answer is sent only from an address that stands there
      `route add local ${six ? "::/0" : "0.0.0.0/0"} dev lo table local`,
      "rule add iif w0 lookup local pref 1",
      "rule del pref 0",
    ]);
    k = 0;
    for (const [name, namespace] of this.#insides) {
      k++;
      this.#run(["sh", "-c", SYSCTLS], "", namespace);
      this.#batch(namespace, [
        "link set c0 up",
        `neigh replace ${this.addressOf.get(name)} lladdr 02:00:00:00:${hex(k)}:01 dev c0 nud permanent`,
        `route add default via ${this.addressOf.get(name)} dev c0 onlink`,
      ]);
      this.#run(["nft", "-f", "-"], observersFor(family).client, namespace);
    }
    this.#run(["nft", "-f", "-"], observersFor(family).node, this.#node);
  }

  #addClient(key: string, client: Client): void {
    const { family } = this.options;
    const full = family === 6 ? 128 : 32;
    const namespace = this.#insides.get(client.interface);
    if (namespace === undefined) throw new Error(`the bed has no interface ${client.interface}`);
    const k = [...this.#insides.keys()].indexOf(client.interface) + 1;
    this.#batch(this.#node, [
      `neigh replace ${client.address} lladdr 02:00:00:00:${hex(k)}:02 dev ${client.interface} nud permanent`,
      `route replace ${client.address}/${full} dev ${client.interface}`,
    ]);
    this.#batch(namespace, [
      `addr add ${client.address}/${full} dev c0${family === 6 ? " nodad" : ""}`,
      // the route goes with the last address of the interface
      `neigh replace ${this.addressOf.get(client.interface)} lladdr 02:00:00:00:${hex(k)}:01 dev c0 nud permanent`,
      `route replace default via ${this.addressOf.get(client.interface)} dev c0 onlink`,
    ]);
    this.#clients.set(key, client);
  }

  #removeClient(key: string, client: Client): void {
    const full = this.options.family === 6 ? 128 : 32;
    this.#batch(this.#node, [
      `route del ${client.address}/${full} dev ${client.interface}`,
      `neigh del ${client.address} dev ${client.interface}`,
    ]);
    this.#batch(this.#insides.get(client.interface)!, [`addr del ${client.address}/${full} dev c0`]);
    this.#clients.delete(key);
  }

  #batch(namespace: string, lines: readonly string[]): void {
    const version = this.options.family === 6 ? ["-6"] : ["-4"];
    this.#run(["ip", ...version, "-n", namespace, "-batch", "-"], `${lines.join("\n")}\n`);
  }

  #run(command: readonly string[], input = "", namespace?: string): string {
    const [tool, ...args] = namespace === undefined ? command : ["ip", "netns", "exec", namespace, ...command];
    const done = spawnSync(tool!, args, { input, encoding: "utf8", maxBuffer: 1 << 28 });
    if (done.status !== 0) throw new Error(`${command.join(" ")}: ${done.stderr} ${done.error ?? ""}`);
    return done.stdout;
  }

  #try(namespace: string, command: readonly string[], input: string): string | null {
    const done = spawnSync("ip", ["netns", "exec", namespace, ...command], { input, encoding: "utf8" });
    return done.status === 0 ? null : done.stderr || `status ${done.status}`;
  }
}

const hex = (k: number): string => k.toString(16).padStart(2, "0");

const flushes = (): string => SETS.map((set) => `flush set inet ${OBSERVERS} ${set}\n`).join("");

/** Nothing but rules shall stop a packet: no reverse path filter, no rate limit on ICMP, no wait for duplicate addresses. */
const SYSCTLS = `
for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > $f; done
for f in /proc/sys/net/ipv4/conf/*/route_localnet; do echo 1 > $f; done
for f in /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 > $f; done
cd /proc/sys/net
echo 1 > ipv4/ip_forward
echo 1 > ipv6/conf/all/forwarding
echo 0 > ipv4/icmp_ratelimit
echo 0 > ipv6/icmp/ratelimit
for f in ipv4/icmp_msgs_per_sec ipv4/icmp_msgs_burst; do [ ! -e $f ] || echo 1000000 > $f; done
exit 0
`;
