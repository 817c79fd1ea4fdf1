import { printServicePortName, type ServicePortName, servicePortHash } from "../chain-name.ts";
import type { NamedService } from "./named-service.ts";

/** A name for a Service port, proven by a hash or by where the Service is. */
export interface FoundName {
  /** `namespace/name:port` */
  readonly name: string;
  readonly protocol: string;
}

const PROTOCOLS = ["tcp", "udp", "sctp"] as const;

/** Names that ports mostly have, tried where a list leaves them out: a hash proves the right one, so that a wrong guess names nothing. */
const USUAL_PORT_NAMES: readonly string[] = [
  ...[
    "",
    "http",
    "https",
    "web",
    "websecure",
    "tcp",
    "udp",
    "dns",
    "dns-tcp",
    "metrics",
    "http-metrics",
    "https-metrics",
  ],
  ...[
    "grpc",
    "http2",
    "tls",
    "api",
    "admin",
    "management",
    "webhook",
    "health",
    "healthz",
    "status",
    "prometheus",
    "ui",
  ],
  ...[
    "console",
    "dashboard",
    "client",
    "peer",
    "server",
    "port",
    "default",
    "main",
    "service",
    "app",
    "proxy",
    "ssh",
    "ldap",
  ],
  ...[
    "postgres",
    "postgresql",
    "mysql",
    "mariadb",
    "redis",
    "mongodb",
    "mongo",
    "memcached",
    "amqp",
    "mqtt",
    "kafka",
    "nats",
  ],
  ...[
    "cluster",
    "monitor",
    "elasticsearch",
    "transport",
    "rest",
    "smtp",
    "imap",
    "sip",
    "rtp",
    "nfs",
    "registry",
    "git",
  ],
];
/** Names made of a port's number, `#`. */
const PORT_NAME_FORMS: readonly string[] = [
  ...["#", "http-#", "https-#", "tcp-#", "udp-#", "port-#", "p#", "#-tcp", "#-udp", "#tcp", "#-#", "#tcp#"],
];

/** So many guesses are hashed at most: about a third of a second. */
const MOST_GUESSES = 200_000;

/** Names Service ports after a list of Services: by the hash in their chains' names, and by cluster IP and port. */
export class NameList {
  readonly #services: readonly NamedService[];
  #byHash: ReadonlyMap<string, FoundName> | undefined;
  readonly #byPlace = new Map<string, FoundName>();

  constructor(services: readonly NamedService[]) {
    this.#services = services;
    for (const service of services) this.#place(service);
  }

  /** The Service port whose chains end in this hash. `namespaces`: where a list without namespaces may have its Services. */
  byHash(suffix: string, namespaces: () => Iterable<string>): FoundName | null {
    this.#byHash ??= this.#hashes(namespaces());
    return this.#byHash.get(suffix) ?? null;
  }

  /** The Service port at an address of its own and port, or at a port of the node (`ip` is `null`). */
  byPlace(ip: string | null, port: number, protocol: string): FoundName | null {
    return this.#byPlace.get(`${ip ?? "node"} ${port} ${protocol}`) ?? null;
  }

  #place({ namespace, name, ports, clusterIPs, externalIPs }: NamedService): void {
    if (namespace === null) return;
    for (const { name: portName, port, protocol, nodePort } of ports ?? []) {
      if (portName === null) continue;
      const found = { name: printServicePortName({ namespace, service: name, portName }), protocol };
      for (const ip of [...clusterIPs, ...externalIPs]) this.#byPlace.set(`${ip} ${port} ${protocol}`, found);
      if (nodePort > 0) this.#byPlace.set(`node ${nodePort} ${protocol}`, found);
    }
  }

  /** Ports whose names the list has come first, then one guess after the other for all of the rest. */
  #hashes(namespaces: Iterable<string>): Map<string, FoundName> {
    const hashes = new Map<string, FoundName>();
    const known = [...new Set(["default", "kube-system", ...namespaces])];
    const unknown: { namespace: string; service: string; port: number | null; protocols: readonly string[] }[] = [];
    let left = MOST_GUESSES;
    const add = (name: ServicePortName, protocols: readonly string[]): void => {
      for (const protocol of protocols)
        for (const text of spellings(name)) hashes.set(servicePortHash(text, protocol), { name: text, protocol });
    };
    for (const { namespace: of, name: service, ports } of this.#services)
      for (const namespace of of === null ? known : [of]) {
        if (ports === null) unknown.push({ namespace, service, port: null, protocols: PROTOCOLS });
        for (const { name: portName, port, protocol } of ports ?? [])
          if (portName !== null) add({ namespace, service, portName }, [protocol]);
          else unknown.push({ namespace, service, port, protocols: [protocol] });
      }
    for (let guess = 0; unknown.length > 0 && guess < USUAL_PORT_NAMES.length + PORT_NAME_FORMS.length; guess++)
      for (const { namespace, service, port, protocols } of unknown) {
        const portName =
          USUAL_PORT_NAMES[guess] ?? (port === null ? null : nameAfter(port, guess - USUAL_PORT_NAMES.length));
        if (portName === null) continue;
        if (left-- <= 0) return hashes;
        add({ namespace, service, portName }, protocols);
      }
    return hashes;
  }
}

const nameAfter = (port: number, form: number): string => (PORT_NAME_FORMS[form] ?? "").replaceAll("#", String(port));

/** Before 1.18 an unnamed port kept its colon. */
const spellings = (name: ServicePortName): readonly string[] =>
  name.portName === "" ? [printServicePortName(name), printServicePortName(name, true)] : [printServicePortName(name)];
