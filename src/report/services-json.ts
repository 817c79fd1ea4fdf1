import { toJson } from "./escape.ts";
import type { ServiceList } from "./service-list.ts";

/** `iptlint/services/1`, described by schema/services.schema.json: one Service port a line. */
export function* renderServicesJson(list: ServiceList): Iterable<string> {
  yield `{"schema":"iptlint/services/1","version":${toJson(list.version)},\n`;
  yield `"proxies":[${list.proxies.map((proxy) => `\n${toJson(proxy)}`).join(",")}],\n`;
  yield '"servicePorts":[';
  let separator = "\n";
  for (const port of list.servicePorts) {
    yield `${separator}${toJson(port)}`;
    separator = ",\n";
  }
  yield "\n]}\n";
}
