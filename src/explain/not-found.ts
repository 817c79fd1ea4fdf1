import { displayText } from "../../grammar/bytes.ts";
import { nearest } from "../../grammar/nearest.ts";
import { bitsOf } from "../checks/clients.ts";
import { nameOf } from "../checks/service-words.ts";
import { counted } from "../checks/words.ts";
import { joinAddress } from "../kubernetes/address-text.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import type { NodeModel } from "../read-node.ts";
import { lineCount } from "./line-answer.ts";
import type { Subject } from "./subject.ts";

type AddressSubject = Extract<Subject, { readonly kind: "address" }>;

/** What was looked through. */
export function searchedFor(subject: Subject, nodes: readonly NodeModel[]): string {
  const ports = counted(portsOf(nodes).length, "Service port");
  const where = `the ${ports} in these rules`;
  const lost = lostPorts(portsOf(nodes)).length;
  switch (subject.kind) {
    case "port": {
      const gap = lost === 0 ? "" : ` (the capture has lost the numbers of ${counted(lost, "NodePort")})`;
      return `NodePorts and health check ports of ${where}${gap}, and host ports that others forward`;
    }
    case "address":
      return `cluster IPs, external IPs, load balancer IPs and endpoints of ${where}`;
    case "service":
      return `names of ${where}`;
    case "name":
      return `chains that are declared or jumped to, and names of ${where}`;
    case "line":
      return counted(
        nodes.reduce((sum, { store }) => sum + lineCount(store), 0),
        "line",
      );
  }
}

/** What the user may have meant, nearest first. */
export function nearTo(subject: Subject, nodes: readonly NodeModel[]): string[] {
  const ports = portsOf(nodes);
  switch (subject.kind) {
    case "port":
      return [...lostPorts(ports).slice(0, 5), ...nearPorts(subject.port, nodes, ports)];
    case "address":
      return nearAddresses(subject, ports);
    case "service": {
      const bare = subject.name.slice(subject.name.indexOf("/") + 1).replace(/:.*/, "");
      return nearNames(subject.name, bare, ports);
    }
    case "name": {
      const chains = nodes.flatMap(({ rulesets }) =>
        rulesets.flatMap(({ store, tables }) =>
          tables.flatMap((table) => table.chains.map((chain) => store.chainName(chain))),
        ),
      );
      const chain = nearest(subject.name, chains);
      return [...(chain === null ? [] : [displayText(chain)]), ...nearNames(subject.name, subject.name, ports)];
    }
    default:
      return [];
  }
}

const portsOf = (nodes: readonly NodeModel[]): ServicePort[] =>
  nodes.flatMap(({ maps }) => maps.flatMap(({ servicePorts }) => servicePorts));

/** Services with a NodePort whose number the capture has lost. */
function lostPorts(ports: readonly ServicePort[]): string[] {
  const lost = ports.filter(({ frontends }) =>
    frontends.some(({ kind, port }) => kind === "nodePort" && port === null),
  );
  return lost.map((port) => displayText(nameOf(port)));
}

/** Addresses with that port, as of cluster IPs; then the node's ports that are next to it. */
function nearPorts(wanted: number, nodes: readonly NodeModel[], ports: readonly ServicePort[]): string[] {
  const frontends = ports.flatMap((port) => port.frontends);
  const elsewhere = frontends.flatMap(({ ip, port, protocol }) =>
    ip !== null && port === wanted ? [`${joinAddress(ip, port)}/${protocol ?? "tcp"}`] : [],
  );
  const known = new Map<string, number>();
  const add = (port: number, protocol: string | null): void => {
    if (port > 0) known.set(`${port}/${protocol ?? "tcp"}`, Math.abs(port - wanted));
  };
  for (const { ip, port, protocol } of frontends) if (ip === null) add(port ?? 0, protocol);
  for (const { hostPorts } of nodes.flatMap(({ maps }) => maps))
    for (const { destination, ports: text, protocol } of hostPorts)
      if (destination !== "" && /^\d+$/.test(text)) add(Number(text), protocol);
  const near = [...known].sort(([, a], [, b]) => a - b).map(([text]) => text);
  return [...elsewhere.slice(0, 3), ...near.slice(0, 3)];
}

/** The same address with other ports; else the addresses that are next to it. */
function nearAddresses({ bits, family }: AddressSubject, ports: readonly ServicePort[]): string[] {
  const known = new Map<string, bigint>();
  for (const { frontends, endpoints } of ports) {
    for (const { ip, port, protocol } of frontends)
      if (ip !== null && port !== null) known.set(`${joinAddress(ip, port)}/${protocol ?? "tcp"}`, bitsOf(ip) ?? 0n);
    for (const { ip, address } of endpoints) if (ip !== null && address !== null) known.set(address, bitsOf(ip) ?? 0n);
  }
  const gap = (of: bigint): bigint => (of > bits ? of - bits : bits - of);
  const near = [...known]
    .filter(([text]) => text.startsWith("[") === (family === 6))
    .sort(([, a], [, b]) => (gap(a) === gap(b) ? 0 : gap(a) < gap(b) ? -1 : 1));
  const same = near.filter(([, of]) => of === bits);
  return (same.length > 0 ? same.slice(0, 5) : near.slice(0, 3)).map(([text]) => text);
}

function nearNames(name: string, bare: string, ports: readonly ServicePort[]): string[] {
  const ids = ports.flatMap(({ id }) => (id === null ? [] : [displayText(id)]));
  const services = [
    ...new Set(
      ports.flatMap(({ namespace, service }) => (service === null ? [] : [displayText(`${namespace}/${service}`)])),
    ),
  ];
  const called = (id: string): string => id.slice(id.indexOf("/") + 1).replace(/:.*/, "");
  const same = ids.filter((id) => called(id) === bare);
  const spelt = nearest(name, [...services, ...ids]);
  const alike = nearest(bare, new Set(services.map(called)));
  const inside = bare.length < 3 ? [] : services.filter((id) => called(id).includes(bare) || bare.includes(called(id)));
  const found = [
    ...same,
    ...(spelt === null ? [] : [spelt]),
    ...services.filter((id) => called(id) === alike),
    ...inside,
  ];
  return [...new Set(found)].slice(0, 5);
}
