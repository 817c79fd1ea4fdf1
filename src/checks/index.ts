import { blockingPolicy } from "./blocking-policy.ts";
import { blockingRule } from "./blocking-rule.ts";
import type { Check } from "./check.ts";
import { divertingRule } from "./diverting-rule.ts";
import { duplicateNodePort, duplicateServiceAddress } from "./duplicate-destination.ts";
import { duplicateEndpoint } from "./duplicate-endpoint.ts";
import { emptyServiceChain } from "./empty-service-chain.ts";
import { endpointWithoutDnat } from "./endpoint-without-dnat.ts";
import { foreignEndpoint } from "./foreign-endpoint.ts";
import { hiddenTable } from "./hidden-table.ts";
import { incompleteAffinity } from "./incomplete-affinity.ts";
import { lostMatches } from "./lost-matches.ts";
import { markMismatch } from "./mark-mismatch.ts";
import { marklessMarkChain } from "./markless-mark-chain.ts";
import { misdirectedEndpoint } from "./misdirected-endpoint.ts";
import { misdirectedRule } from "./misdirected-rule.ts";
import { missingClusterEndpoint } from "./missing-cluster-endpoint.ts";
import { missingFinalEndpoint } from "./missing-final-endpoint.ts";
import { missingHairpinMark } from "./missing-hairpin-mark.ts";
import { missingHook } from "./missing-hook.ts";
import { missingKubeProxyRule } from "./missing-kube-proxy-rule.ts";
import { missingMartianGuard } from "./missing-martian-guard.ts";
import { missingMasquerade } from "./missing-masquerade.ts";
import { missingMasqueradeMark } from "./missing-masquerade-mark.ts";
import { nodePortsNotLast } from "./node-ports-not-last.ts";
import { openSourceRanges } from "./open-source-ranges.ts";
import { partialCapture } from "./partial-capture.ts";
import { skewedEndpointShares } from "./skewed-endpoint-shares.ts";
import { supersededTable } from "./superseded-table.ts";
import { twoBackEnds } from "./two-back-ends.ts";
import { undeclaredChain } from "./undeclared-chain.ts";
import { unexpectedKubeProxyRule } from "./unexpected-kube-proxy-rule.ts";
import { unknownLayout } from "./unknown-layout.ts";
import { unreachableEndpoint } from "./unreachable-endpoint.ts";
import { unreferencedServiceChain } from "./unreferenced-service-chain.ts";
import { unsupportedRevision } from "./unsupported-revision.ts";
import { unwantedMasqueradeMark } from "./unwanted-masquerade-mark.ts";

/** Every check, in the order in which they look: those that explain much before those that report what is left. */
export const allChecks: readonly Check[] = [
  lostMatches,
  unsupportedRevision,
  hiddenTable,
  twoBackEnds,
  supersededTable,
  partialCapture,
  unknownLayout,
  duplicateNodePort,
  duplicateServiceAddress,
  misdirectedRule,
  emptyServiceChain,
  foreignEndpoint,
  misdirectedEndpoint,
  missingFinalEndpoint,
  unreachableEndpoint,
  duplicateEndpoint,
  missingClusterEndpoint,
  skewedEndpointShares,
  endpointWithoutDnat,
  missingMasqueradeMark,
  missingHairpinMark,
  unwantedMasqueradeMark,
  openSourceRanges,
  incompleteAffinity,
  missingHook,
  markMismatch,
  marklessMarkChain,
  missingMasquerade,
  missingMartianGuard,
  nodePortsNotLast,
  blockingRule,
  divertingRule,
  blockingPolicy,
  missingKubeProxyRule,
  unexpectedKubeProxyRule,
  unreferencedServiceChain,
  undeclaredChain,
];
