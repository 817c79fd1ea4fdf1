import { captureOf } from "../checks/capture.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";

/** What is to be known before anything of a capture in which ports and marks are missing: one sentence, or none. */
export function lostMatches(map: ServiceMap): string[] {
  if (!captureOf(map).isLossy) return [];
  return [
    "This capture has lost its ports and marks, since an iptables printed it that is older than the one which loaded the rules: take it again with the iptables of kube-proxy's image.",
  ];
}
