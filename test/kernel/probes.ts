import type { RuleNode } from "../../grammar/ast.ts";
import { maskOf, printAddress } from "../../grammar/values/address.ts";
import type { AddressMask, NumberRange, Protocol } from "../../grammar/values/types.ts";
import { firstValue } from "../../src/netfilter/match/semantics.ts";
import type { Ruleset } from "../../src/netfilter/ruleset.ts";
import type { Client, Probe } from "./bed.ts";
import type { Random } from "./random.ts";

interface Target {
  readonly to: string;
  readonly port: number;
  readonly protocol: "tcp" | "udp";
}

/** Packets that the rules of a dump speak of: to the addresses and ports in them, and to the node's ports. */
export function probesFor(
  ruleset: Ruleset,
  clients: readonly Client[],
  own: readonly string[],
  random: Random,
  count: number,
): Probe[] {
  const targets = [...targetsOf(ruleset, own).values()];
  const probes = new Map<string, Probe>();
  for (let tries = 0; tries < count * 4 && probes.size < count; tries++) {
    const target = targets.length > 0 && random.chance(0.9) ? random.pick(targets) : anywhere(own, random);
    const client = random.chance(0.25) ? { address: own[0] as string, interface: "local" } : random.pick(clients);
    // neither leaves a client: what its neighbour is meant to get, and what goes to its own loopback; groups have no socket here
    if (/^(?:22[4-9]|23\d|255)\.|^ff/.test(target.to)) continue;
    const isOwnLoopback = target.to.startsWith("127.") || target.to === "::1";
    if (clients.some((other) => other.address === target.to) || (isOwnLoopback && client.interface !== "local"))
      continue;
    const probe = { from: client.address, in: client.interface, ...target };
    probes.set(JSON.stringify(probe), probe);
  }
  return [...probes.values()];
}

const anywhere = (own: readonly string[], random: Random): Target => ({
  to: random.pick(own),
  port: random.pick([22, 80, 30080, 31999]),
  protocol: random.pick(["tcp", "udp"]),
});

function targetsOf(ruleset: Ruleset, own: readonly string[]): Map<string, Target> {
  const targets = new Map<string, Target>();
  const { store } = ruleset;
  for (let rule = 0; rule < store.ruleCount && targets.size < 2000; rule++) {
    const target = targetOf(ruleset.rule(rule), ruleset.family ?? 4, own);
    if (target !== null) targets.set(JSON.stringify(target), target);
  }
  return targets;
}

function targetOf(rule: RuleNode, family: 4 | 6, own: readonly string[]): Target | null {
  const context = { family, rule: "", table: "" };
  const protocol = firstValue<Protocol>(rule.options, "--protocol", context);
  if (protocol?.name !== "tcp" && protocol?.name !== "udp") return null;
  const ports = rule.matches.map((match) => firstValue<NumberRange>(match.options, "--dport", context));
  const port = ports.find((range) => range !== null)?.from;
  if (port === undefined || port === 0) return null;
  const network = firstValue<AddressMask>(rule.options, "--destination", context);
  const isHost = network !== null && network.mask === maskOf(family === 4 ? 32 : 128, family);
  if (network !== null && !isHost) return null;
  const to = network === null ? (own[0] as string) : printAddress(network);
  return { to, port, protocol: protocol.name };
}

/** Addresses that the rules translate to. */
export function endpointsOf(ruleset: Ruleset): string[] {
  const found = new Set<string>();
  const { store } = ruleset;
  const context = { family: ruleset.family ?? 4, rule: "", table: "" } as const;
  for (let rule = 0; rule < store.ruleCount && found.size < 200; rule++) {
    const { target } = ruleset.rule(rule);
    if (target?.name !== "DNAT") continue;
    const range = firstValue<{ addressFrom: { bits: bigint } | null }>(target.options, "--to-destination", context);
    if (range?.addressFrom) found.add(printAddress({ family: context.family, bits: range.addressFrom.bits }));
  }
  return [...found];
}

/** Sets for the names that a dump looks up, with some of the addresses in them: nothing else says what they hold. */
export function setsFor(text: string, family: 4 | 6, addresses: readonly string[], random: Random): string {
  const lines: string[] = [];
  const seen = new Set<string>();
  for (const [, name, directions] of text.matchAll(/--match-set (\S+) ([a-z,]+)/g)) {
    if (name === undefined || directions === undefined || seen.has(name)) continue;
    seen.add(name);
    const width = directions.split(",").length;
    const type = ["hash:net", "hash:ip,port", "hash:ip,port,ip"][width - 1];
    if (type === undefined) continue;
    lines.push(`create ${name} ${type} family ${family === 6 ? "inet6" : "inet"} hashsize 1024 maxelem 65536`);
    for (const address of addresses.filter(() => random.chance(0.3))) {
      const entry = [address, `tcp:${random.pick([80, 443, 53])}`, random.pick(addresses)];
      lines.push(`add ${name} ${entry.slice(0, width).join(",")}`);
    }
  }
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}
