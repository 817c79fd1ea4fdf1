import type { Mutant } from "./mutants.ts";

/** Names the configuration for which kube-proxy would write exactly this; `null` where there is none. */
export function otherConfiguration(_mutant: Mutant): string | null {
  return null;
}
