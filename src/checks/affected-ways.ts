import type { RuleNode } from "../../grammar/ast.ts";
import type { AddressMask } from "../../grammar/values/types.ts";
import { splitAddress } from "../kubernetes/address-text.ts";
import { askedOf } from "../kubernetes/host-ports.ts";
import type { Frontend } from "../kubernetes/service-map.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import { bitsOf, type Client, isWithin, networkOf } from "./clients.ts";
import type { Context } from "./context.ts";
import type { ForeignRule } from "./foreign-rules.ts";
import { samplePorts } from "./samples.ts";
import { isOutside } from "./service-words.ts";

/** A way of a client to a Service on which a rule may stand. */
export interface Way {
  readonly port: ServicePort;
  readonly frontend: Frontend;
  readonly client: Client;
}

/** Service ports that are asked about one rule. */
const MOST_PORTS = 3;

/** Ways to Services that a rule of somebody else may cut, by the addresses and ports that it asks for. */
export function waysUnder(context: Context, foreign: ForeignRule): readonly Way[] {
  const node = context.ruleset.rule(foreign.rule);
  const asked = askedOf(node);
  const family = context.ruleset.family ?? 4;
  const network = asked.ip === null ? null : networkOf(asked.ip, family);
  const behindDnat = foreign.hooks.has("FORWARD") || foreign.hooks.has("POSTROUTING") || foreign.hooks.has("INPUT");
  const isAsked = (protocol: string | null, port: number | null): boolean =>
    (asked.protocol === null || asked.protocol === "all" || asked.protocol === protocol) &&
    (asked.ports === "" || isInPorts(asked.ports, port));
  const ways: Way[] = [];
  const ports = asked.ports === "" && network === null ? samplePorts(context.services) : context.services.servicePorts;
  for (const port of ports) {
    if (new Set(ways.map((way) => way.port)).size >= MOST_PORTS) break;
    const frontends = port.frontends.filter(({ fate, kind }) => fate === "forwarded" && kind !== "healthCheckNodePort");
    const chosen =
      behindDnat && (asked.ports !== "" || network !== null)
        ? endpointMatches(port, isAsked, network)
          ? frontends
          : []
        : frontends.filter((frontend) => isAsked(frontend.protocol, frontend.port) && isTo(frontend, network));
    for (const frontend of chosen)
      for (const client of clientsOf(context, node, frontend, foreign)) ways.push({ port, frontend, client });
  }
  return ways;
}

function isInPorts(ports: string, port: number | null): boolean {
  if (port === null) return false;
  return ports.split(",").some((range) => {
    const [from = "", to = from] = range.split(":");
    return Number(from === "" ? "0" : from) <= port && port <= Number(to === "" ? "65535" : to);
  });
}

function endpointMatches(
  port: ServicePort,
  isAsked: (protocol: string | null, port: number | null) => boolean,
  network: AddressMask | null,
): boolean {
  for (const address of port.clusterEndpoints ?? []) {
    const parts = splitAddress(address);
    if (parts === null || !isAsked(port.protocol, parts.port)) continue;
    const bits = bitsOf(parts.ip);
    if (network === null || (bits !== null && isWithin(bits, network))) return true;
  }
  return false;
}

function isTo({ ip }: Frontend, network: AddressMask | null): boolean {
  if (network === null || network.mask === 0n) return true;
  const bits = ip === null ? null : bitsOf(ip);
  return bits !== null && isWithin(bits, network);
}

/** Who may be meant: the source that the rule asks for, else whoever uses such a frontend. */
function clientsOf(context: Context, { options }: RuleNode, frontend: Frontend, { hooks }: ForeignRule): Client[] {
  const source = options.find(({ record, negated }) => record?.flag === "--source" && !negated)?.values[0]?.text;
  const network = source === undefined ? null : networkOf(source, context.ruleset.family ?? 4);
  if (network !== null && network.mask !== 0n) {
    const bits = network.bits | (isHost(network, context) ? 0n : 1n);
    return [{ kind: "outside", label: `a client in ${source}`, source: bits, local: false }];
  }
  const kinds =
    hooks.size === 1 && hooks.has("OUTPUT")
      ? (["node"] as const)
      : isOutside(frontend)
        ? (["outside"] as const)
        : (["pod", "outside"] as const);
  return kinds
    .map((kind) => context.client(kind))
    .filter((client) => client !== undefined)
    .slice(0, 1);
}

const isHost = ({ mask }: AddressMask, { ruleset }: Context): boolean =>
  mask === (ruleset.family === 6 ? (1n << 128n) - 1n : 0xffffffffn);
