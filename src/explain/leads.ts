import { utf8ByteString } from "../../grammar/bytes.ts";
import { nameOf } from "../checks/service-words.ts";
import type { Frontend } from "../kubernetes/service-map.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import { percent } from "../report/shares.ts";
import type { Lead } from "./answer.ts";
import type { Subject } from "./subject.ts";

/** Service ports that a question is about, each with the way in that was asked for, if one was. */
export function leads(map: ServiceMap, subject: Subject): Lead[] {
  switch (subject.kind) {
    case "port": {
      const { port, protocol } = subject;
      return frontendLeads(
        map.byNodePort(port, protocol ?? undefined),
        (frontend) => frontend.ip === null && frontend.port === port && isProtocol(frontend, protocol),
      );
    }
    case "address": {
      const { ip, port, protocol } = subject;
      const direct = frontendLeads(
        map.byAddress(ip, port ?? undefined, protocol ?? undefined),
        (frontend) => frontend.ip === ip && (port === null || frontend.port === port) && isProtocol(frontend, protocol),
      );
      return [...direct, ...endpointLeads(map, ip, port, protocol)];
    }
    case "service":
      return [
        ...byName(map.byName(utf8ByteString(subject.name))),
        ...byName(detached(map, utf8ByteString(subject.name))),
      ];
    case "name": {
      const name = utf8ByteString(subject.name);
      return byName(
        map.servicePorts.filter(({ service, portName }) => service === name || `${service}:${portName}` === name),
      );
    }
    default:
      return [];
  }
}

function frontendLeads(ports: readonly ServicePort[], wanted: (frontend: Frontend) => boolean): Lead[] {
  return inOrder(ports).flatMap((port) => {
    // One rule for each of a node's addresses, or for sources inside and outside: the way in is the same.
    const seen = new Set<string>();
    return port.frontends.filter(wanted).flatMap((frontend) => {
      const key = `${frontend.kind} ${frontend.ip} ${frontend.port} ${frontend.protocol}`;
      if (seen.has(key)) return [];
      seen.add(key);
      return [{ port, frontend }];
    });
  });
}

function isProtocol(frontend: Frontend, protocol: string | null): boolean {
  return protocol === null || frontend.protocol === protocol;
}

/** Chains of a Service to which nothing leads any more. */
function detached({ detachedServicePorts }: ServiceMap, name: string): readonly ServicePort[] {
  return detachedServicePorts.filter(
    ({ id, namespace, service }) => id !== null && (id === name || `${namespace}/${service}` === name),
  );
}

function byName(ports: readonly ServicePort[]): Lead[] {
  return inOrder(ports).map((port) => ({ port, frontend: null }));
}

/** kube-proxy writes the rules of Services in any order. */
function inOrder(ports: readonly ServicePort[]): ServicePort[] {
  const key = ({ id, protocol }: ServicePort): string => `${id ?? "~"} ${protocol}`;
  return [...ports].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function endpointLeads(map: ServiceMap, ip: string, port: number | null, protocol: string | null): Lead[] {
  const found = map.byEndpoint(ip, port ?? undefined);
  return inOrder(found.filter((each) => protocol === null || each.protocol === protocol)).map((servicePort) => {
    const endpoints = servicePort.endpoints.filter((each) => each.ip === ip && (port === null || each.port === port));
    const [only] = endpoints;
    const shares = endpoints.map(({ address, share }) =>
      share === null ? `${address}` : `${address} with ${percent(share)} of its new connections`,
    );
    const is = `an endpoint of Service ${nameOf(servicePort)}`;
    const headline =
      only !== undefined && endpoints.length === 1
        ? `${only.address} is ${is}${only.share === null ? "" : `, with ${percent(only.share)} of its new connections`}`
        : `${ip} has endpoints of Service ${nameOf(servicePort)}: ${shares.join(", ")}`;
    return { port: servicePort, frontend: null, headline };
  });
}
