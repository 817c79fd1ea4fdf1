import type { NodeModel } from "../read-node.ts";
import { elsewhere } from "../report/elsewhere.ts";

/** Lines that say where the Services may be, for a message; "" where kube-proxy's rules show some. */
export function servicesElsewhere(nodes: readonly NodeModel[]): string {
  const maps = nodes.flatMap((node) => node.maps);
  if (maps.some(({ servicePorts }) => servicePorts.length > 0)) return "";
  const mode = maps.find((map) => map.mode !== null)?.mode ?? null;
  return elsewhere(mode)
    .map((line) => `\n  ${line}`)
    .join("");
}
