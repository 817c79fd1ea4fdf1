import { readNode } from "../read-node.ts";
import { renderServicesJson } from "../report/services-json.ts";
import { renderServicesText } from "../report/services-text.ts";
import { listServices } from "../services.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import type { Io } from "./io.ts";
import { lookFor } from "./look.ts";
import { print } from "./print.ts";
import type { ServicesOptions } from "./program.ts";
import { readNodeTexts } from "./read-nodes.ts";

/** `iptlint services [dump...]` */
export function servicesCommand(paths: readonly string[], options: ServicesOptions, io: Io): ExitCode {
  const { nodes, unreadable, options: reading, progress } = readNodeTexts(paths, options, io);
  const list = listServices(
    nodes.map((node) => readNode(node, reading)),
    {
      ...(options.namespace !== undefined && { namespace: options.namespace }),
      ...(options.nodePort !== undefined && { nodePort: options.nodePort }),
      ...(options.endpoints === false && { noEndpoints: true }),
    },
  );
  progress.end();
  const look = { ...lookFor(options, io), quiet: false };
  if (options.format === "json") print(renderServicesJson(list), io);
  else if (list.servicePorts.length > 0) print(renderServicesText(list, look), io);
  else if (nodes.length > 0) io.stderr.write("iptlint: no such Service ports in the rules of kube-proxy\n");
  if (unreadable.length > 0) return exitCodes.unreadable;
  return list.servicePorts.length > 0 ? exitCodes.ok : exitCodes.found;
}
