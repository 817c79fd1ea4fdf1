import { type NodeModel, readNode } from "../read-node.ts";
import { renderServicesJson } from "../report/services-json.ts";
import { renderServicesText } from "../report/services-text.ts";
import { listServices, type ServiceFilter, tabulateServices } from "../services.ts";
import { loadConfig } from "./config-file.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import type { Io } from "./io.ts";
import { lookFor } from "./look.ts";
import { print } from "./print.ts";
import type { ServicesOptions } from "./program.ts";
import type { Progress } from "./progress.ts";
import { readNodeTexts } from "./read-nodes.ts";
import { servicesElsewhere } from "./services-elsewhere.ts";

/** `iptlint services [dump...]` */
export function servicesCommand(paths: readonly string[], options: ServicesOptions, io: Io): ExitCode {
  const config = loadConfig(options.config, io);
  const { nodes, unreadable, options: reading, progress } = readNodeTexts(paths, options, io);
  const models = nodes.map((node) => readNode(node, reading));
  const filter = {
    ...(options.namespace !== undefined && { namespace: options.namespace }),
    ...(options.nodePort !== undefined && { nodePort: options.nodePort }),
    ...(options.endpoints === false && { noEndpoints: true }),
  };
  const found =
    options.format === "json"
      ? printJson(models, filter, io, progress)
      : printTable(models, filter, options, io, progress);
  const isFiltered = Object.keys(filter).length > 0;
  const isExpected = config?.cluster.kubeProxy === false && !isFiltered;
  if (found === 0 && nodes.length > 0) {
    const said = isExpected ? ", as the configuration expects" : servicesElsewhere(models);
    io.stderr.write(`iptlint: no ${isFiltered ? "such " : ""}Service ports in the rules of kube-proxy${said}\n`);
  }
  if (unreadable.length > 0) return exitCodes.unreadable;
  return found > 0 || isExpected ? exitCodes.ok : exitCodes.found;
}

function printJson(models: readonly NodeModel[], filter: ServiceFilter, io: Io, progress: Progress): number {
  const list = listServices(models, filter);
  progress.end();
  print(renderServicesJson(list), io);
  return list.servicePorts.length;
}

function printTable(
  models: readonly NodeModel[],
  filter: ServiceFilter,
  options: ServicesOptions,
  io: Io,
  progress: Progress,
): number {
  const table = tabulateServices(models, filter);
  progress.end();
  const count = table.nodes.reduce((sum, { rows }) => sum + rows.length, 0);
  if (count > 0) print(renderServicesText(table, { ...lookFor(options, io), quiet: false }), io);
  return count;
}
