import { utf8ByteString } from "../../../grammar/bytes.ts";
import type { NamedPort, NamedService } from "./named-service.ts";
import { readYaml, type Yaml } from "./yaml.ts";

/** Thrown with what is wrong when a text is no list of Services. */
export class NamesError extends Error {
  override name = "NamesError";
}

/**
 * Reads what `kubectl get services -A` prints, with `-o json`, `-o yaml`, `-o name`, `-o wide` or without: one Service, or a list.
 * `text` is Unicode text. Throws `NamesError` where it is none of these.
 */
export function readNames(text: string): readonly NamedService[] {
  const start = text.trimStart();
  const services = start.startsWith("{")
    ? fromJson(start)
    : /^(?:apiVersion|kind|items|metadata):/m.test(start)
      ? fromYaml(text)
      : fromLines(start);
  if (services.length === 0)
    throw new NamesError("no Service in the list of names: expected what `kubectl get services -A -o json` prints");
  return services;
}

function fromJson(text: string): NamedService[] {
  let value: unknown;
  try {
    value = JSON.parse(text, (_, part: unknown) => (isPlain(part) ? new Map(Object.entries(part)) : part));
  } catch {
    throw new NamesError("the list of names begins like JSON and is none");
  }
  return fromTree(value);
}

const isPlain = (part: unknown): part is Record<string, unknown> =>
  typeof part === "object" && part !== null && !Array.isArray(part) && !(part instanceof Map);

const fromYaml = (text: string): NamedService[] => readYaml(text).flatMap((document: Yaml) => fromTree(document));

/** A Service, or a list with `items`, as maps and arrays. */
function fromTree(tree: unknown): NamedService[] {
  const items = get(tree, "items");
  if (Array.isArray(items)) return items.flatMap((item) => fromTree(item));
  const kind = text(get(tree, "kind"));
  const metadata = get(tree, "metadata");
  const name = text(get(metadata, "name"));
  if (name === null || (kind !== null && kind !== "Service")) return [];
  const spec = get(tree, "spec");
  const ports = get(spec, "ports");
  const ingress = get(get(get(tree, "status"), "loadBalancer"), "ingress");
  return [
    {
      namespace: text(get(metadata, "namespace")) ?? "default",
      name,
      ports: Array.isArray(ports) ? ports.flatMap((port) => portOf(port)) : [],
      clusterIPs: texts([get(spec, "clusterIP"), get(spec, "clusterIPs")]).filter((ip) => ip !== "None"),
      externalIPs: texts([
        get(spec, "externalIPs"),
        Array.isArray(ingress) ? ingress.map((one: unknown) => get(one, "ip")) : [],
      ]),
    },
  ];
}

/** The texts among values and lists of values, each once. */
function texts(values: readonly unknown[]): string[] {
  const found = values.flatMap((value: unknown): unknown[] => (Array.isArray(value) ? value : [value])).map(text);
  return [...new Set(found.filter((one): one is string => one !== null && one !== ""))];
}

function portOf(port: unknown): NamedPort[] {
  const number = Number(text(get(port, "port")));
  if (!Number.isInteger(number) || number <= 0) return [];
  return [
    {
      name: text(get(port, "name")) ?? "",
      port: number,
      protocol: (text(get(port, "protocol")) ?? "TCP").toLowerCase(),
      nodePort: Number(text(get(port, "nodePort")) ?? 0) || 0,
    },
  ];
}

const get = (tree: unknown, key: string): unknown => (tree instanceof Map ? tree.get(key) : undefined);

const text = (value: unknown): string | null =>
  typeof value === "string" ? utf8ByteString(value) : typeof value === "number" ? String(value) : null;

/** `service/name` a line, `namespace/name` a line, or kubectl's table. */
function fromLines(text: string): NamedService[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const header = (lines[0] ?? "").trim().split(/\s{2,}|\s+(?=[A-Z])/);
  if (header.includes("NAME") && header.includes("PORT(S)")) return fromTable(header, lines.slice(1));
  const type = (lines[0] ?? "")
    .trim()
    .split(/\s+/)
    .findIndex((cell) => SERVICE_TYPES.has(cell));
  if (type === 1 || type === 2) return fromTable(USUAL_HEADER.slice(2 - type), lines);
  return lines.flatMap((line) => {
    const found =
      /^(?:(?<kind>service|services|svc)\/)?(?:(?<namespace>[a-z0-9][a-z0-9.-]*)\/)?(?<name>[a-z0-9][a-z0-9.-]*)$/.exec(
        line.trim(),
      );
    const { namespace, name } = found?.groups ?? {};
    return name === undefined
      ? []
      : [{ namespace: namespace ?? null, name, ports: null, clusterIPs: [], externalIPs: [] }];
  });
}

/** The column TYPE, and what stands before and behind it; `--no-headers` leaves the line out. */
const SERVICE_TYPES: ReadonlySet<string> = new Set(["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]);
const USUAL_HEADER = ["NAMESPACE", "NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"];

function fromTable(header: readonly string[], lines: readonly string[]): NamedService[] {
  const column = (name: string): number => header.indexOf(name);
  return lines.flatMap((line) => {
    const cells = line.trim().split(/\s+/);
    const name = cells[column("NAME")];
    const ports = cells[column("PORT(S)")];
    if (name === undefined || ports === undefined || !/^[a-z0-9][a-z0-9.-]*$/.test(name)) return [];
    const ip = cells[column("CLUSTER-IP")] ?? "None";
    return [
      {
        namespace: column("NAMESPACE") < 0 ? null : (cells[column("NAMESPACE")] ?? null),
        name,
        ports: ports.split(",").flatMap(portCell),
        clusterIPs: isAddress(ip) ? [ip] : [],
        externalIPs: (cells[column("EXTERNAL-IP")] ?? "").split(",").filter(isAddress),
      },
    ];
  });
}

const isAddress = (cell: string): boolean => /^[0-9a-f]*[.:][0-9a-f.:]+$/.test(cell);

/** `80/TCP`, `80:30080/TCP` */
function portCell(cell: string): NamedPort[] {
  const found = /^(\d+)(?::(\d+))?\/([A-Z]+)$/.exec(cell);
  if (found === null) return [];
  return [
    {
      name: null,
      port: Number(found[1]),
      protocol: (found[3] as string).toLowerCase(),
      nodePort: Number(found[2] ?? 0),
    },
  ];
}
