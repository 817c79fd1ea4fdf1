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
import { readNodeTexts } from "./read-nodes.ts";
import { servicesElsewhere } from "./services-elsewhere.ts";

/** `iptlint services [dump...]` */
export function servicesCommand(paths: readonly string[], options: ServicesOptions, io: Io): ExitCode {
  const config = loadConfig(options.config, io);
  const { nodes, unreadable, options: reading, progress } = readNodeTexts(paths, options, io);
  const filter = {
    ...(options.namespace !== undefined && { namespace: options.namespace }),
    ...(options.nodePort !== undefined && { nodePort: options.nodePort }),
    ...(options.endpoints === false && { noEndpoints: true }),
  };
  const { models, listing } = progress.during(() => {
    const models = nodes.map((node) => readNode(node, reading));
    return { models, listing: options.format === "json" ? asJson(models, filter) : asTable(models, filter) };
  });
  const found = listing.count;
  if (found > 0 || options.format === "json") print(listing.render(options, io), io);
  const isFiltered = Object.keys(filter).length > 0;
  const isExpected = config?.cluster.kubeProxy === false && !isFiltered;
  if (found === 0 && nodes.length > 0) {
    const said = isExpected ? ", as the configuration expects" : servicesElsewhere(models);
    io.stderr.write(`iptlint: no ${isFiltered ? "such " : ""}Service ports in the rules of kube-proxy${said}\n`);
  }
  if (unreadable.length > 0) return exitCodes.unreadable;
  return found > 0 || isExpected ? exitCodes.ok : exitCodes.found;
}

/** Service ports that were found, ready to be printed. */
interface Listing {
  readonly count: number;
  render(options: ServicesOptions, io: Io): Iterable<string>;
}

function asJson(models: readonly NodeModel[], filter: ServiceFilter): Listing {
  const list = listServices(models, filter);
  return { count: list.servicePorts.length, render: () => renderServicesJson(list) };
}

function asTable(models: readonly NodeModel[], filter: ServiceFilter): Listing {
  const table = tabulateServices(models, filter);
  return {
    count: table.nodes.reduce((sum, { rows }) => sum + rows.length, 0),
    render: (options, io) => renderServicesText(table, { ...lookFor(options, io), quiet: false }),
  };
}
