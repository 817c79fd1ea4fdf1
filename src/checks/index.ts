import { affinityLimits } from "./affinity-limits.ts";
import { awsExcludedCidrMismatch, incompleteAwsConnmark } from "./aws-vpc-cni.ts";
import { blockedHealthCheckPort } from "./blocked-health-check-port.ts";
import { blockingPolicy } from "./blocking-policy.ts";
import { blockingRule } from "./blocking-rule.ts";
import type { Check } from "./check.ts";
import { clusterIpOutsideRange } from "./cluster-ip-outside-range.ts";
import { coarseProbabilities } from "./coarse-probabilities.ts";
import { emptyChainJump, redundantRule, shadowedRule, unreachableRule, unreferencedChain } from "./dead-rules.ts";
import { divertingRule } from "./diverting-rule.ts";
import { duplicateNodePort, duplicateServiceAddress } from "./duplicate-destination.ts";
import { duplicateEndpoint } from "./duplicate-endpoint.ts";
import { duplicateRule } from "./duplicate-rule.ts";
import { emptyServiceChain } from "./empty-service-chain.ts";
import { endpointWithoutDnat } from "./endpoint-without-dnat.ts";
import { externalIpCollision } from "./external-ip-collision.ts";
import { foreignEndpoint } from "./foreign-endpoint.ts";
import { hiddenCondition } from "./hidden-condition.ts";
import { hiddenTable } from "./hidden-table.ts";
import {
  duplicateHostPort,
  hostPortBeforeServices,
  hostPortNodePortClash,
  unhookedHostPorts,
} from "./host-port-clashes.ts";
import { idleKubeProxyRules } from "./idle-kube-proxy-rules.ts";
import { incompleteAffinity } from "./incomplete-affinity.ts";
import { invalidDropHits } from "./invalid-drop-hits.ts";
import { largeRuleset } from "./large-ruleset.ts";
import { ipvsLeftover, userspaceLeftover } from "./leftover-proxy-mode.ts";
import { localDetectorMismatch } from "./local-detector-mismatch.ts";
import { localDetectorTooWide } from "./local-detector-too-wide.ts";
import { lostMatches } from "./lost-matches.ts";
import { markBitClash } from "./mark-bit-clash.ts";
import { markKeptAfterMasquerade } from "./mark-kept-after-masquerade.ts";
import { markMismatch } from "./mark-mismatch.ts";
import { markOverwritten } from "./mark-overwritten.ts";
import { marklessMarkChain } from "./markless-mark-chain.ts";
import { masqueradeBypass } from "./masquerade-bypass.ts";
import { masqueradeNotRandomFully } from "./masquerade-not-random-fully.ts";
import {
  contradictoryMatch,
  deprecatedSpelling,
  dropWithoutEstablished,
  logWithoutLimit,
  neverAppliesAtHook,
  unreadMark,
} from "./match-oddities.ts";
import { misdirectedEndpoint } from "./misdirected-endpoint.ts";
import { misdirectedRule } from "./misdirected-rule.ts";
import { misleadingComment } from "./misleading-comment.ts";
import { missingCanary } from "./missing-canary.ts";
import { missingClusterEndpoint } from "./missing-cluster-endpoint.ts";
import { missingFinalEndpoint } from "./missing-final-endpoint.ts";
import { missingHairpinMark } from "./missing-hairpin-mark.ts";
import { missingHook } from "./missing-hook.ts";
import { missingInvalidDrop } from "./missing-invalid-drop.ts";
import { missingKubeProxyRule } from "./missing-kube-proxy-rule.ts";
import { missingMartianGuard } from "./missing-martian-guard.ts";
import { missingMasquerade } from "./missing-masquerade.ts";
import { missingMasqueradeMark } from "./missing-masquerade-mark.ts";
import { missingOwner } from "./missing-owner.ts";
import { mixedLocalDetector } from "./mixed-local-detector.ts";
import { noLocalEndpoints } from "./no-local-endpoints.ts";
import { nodePortBypassesSourceRanges } from "./node-port-bypasses-source-ranges.ts";
import { nodePortOutsideRange } from "./node-port-outside-range.ts";
import { nodePortsNotLast } from "./node-ports-not-last.ts";
import { incompleteNotrack, notrackWithPolicies } from "./notrack.ts";
import { oldExternalChain } from "./old-external-chain.ts";
import { openSourceRanges } from "./open-source-ranges.ts";
import { partialCapture } from "./partial-capture.ts";
import { policyBypass } from "./policy-bypass.ts";
import { refusedButForwarded } from "./refused-but-forwarded.ts";
import { serviceWithoutEndpoints } from "./service-without-endpoints.ts";
import { shortAffinityTimeout } from "./short-affinity-timeout.ts";
import { skewedEndpointShares } from "./skewed-endpoint-shares.ts";
import { supersededTable } from "./superseded-table.ts";
import { twoBackEnds } from "./two-back-ends.ts";
import { twoPodNetworks } from "./two-pod-networks.ts";
import { unconditionalDrop } from "./unconditional-drop.ts";
import { undeclaredChain } from "./undeclared-chain.ts";
import { unexpectedKubeProxyRule } from "./unexpected-kube-proxy-rule.ts";
import { unexpectedOwner } from "./unexpected-owner.ts";
import { unknownLayout } from "./unknown-layout.ts";
import { unreachableEndpoint } from "./unreachable-endpoint.ts";
import { unreferencedServiceChain } from "./unreferenced-service-chain.ts";
import { unsupportedRevision } from "./unsupported-revision.ts";
import { unwantedMasqueradeMark } from "./unwanted-masquerade-mark.ts";
import { zeroDestination } from "./zero-destination.ts";

/** Every check, in the order in which they look: those that explain much before those that report what is left. */
export const allChecks: readonly Check[] = [
  lostMatches,
  unsupportedRevision,
  hiddenTable,
  twoBackEnds,
  supersededTable,
  partialCapture,
  unknownLayout,
  zeroDestination,
  misdirectedRule,
  duplicateNodePort,
  duplicateServiceAddress,
  emptyServiceChain,
  foreignEndpoint,
  misdirectedEndpoint,
  missingFinalEndpoint,
  unreachableEndpoint,
  duplicateEndpoint,
  missingClusterEndpoint,
  skewedEndpointShares,
  endpointWithoutDnat,
  mixedLocalDetector,
  missingMasqueradeMark,
  missingHairpinMark,
  unwantedMasqueradeMark,
  refusedButForwarded,
  openSourceRanges,
  incompleteAffinity,
  blockingRule,
  divertingRule,
  missingHook,
  markMismatch,
  marklessMarkChain,
  missingMasquerade,
  missingMartianGuard,
  unconditionalDrop,
  nodePortsNotLast,
  masqueradeBypass,
  blockingPolicy,
  blockedHealthCheckPort,
  missingKubeProxyRule,
  unexpectedKubeProxyRule,
  oldExternalChain,
  unreferencedServiceChain,
  missingCanary,
  localDetectorTooWide,
  markOverwritten,
  markBitClash,
  markKeptAfterMasquerade,
  masqueradeNotRandomFully,
  policyBypass,
  missingInvalidDrop,
  invalidDropHits,
  serviceWithoutEndpoints,
  noLocalEndpoints,
  misleadingComment,
  affinityLimits,
  shortAffinityTimeout,
  coarseProbabilities,
  nodePortOutsideRange,
  externalIpCollision,
  nodePortBypassesSourceRanges,
  ipvsLeftover,
  userspaceLeftover,
  idleKubeProxyRules,
  hostPortNodePortClash,
  duplicateHostPort,
  unhookedHostPorts,
  hostPortBeforeServices,
  incompleteNotrack,
  notrackWithPolicies,
  incompleteAwsConnmark,
  awsExcludedCidrMismatch,
  twoPodNetworks,
  largeRuleset,
  hiddenCondition,
  undeclaredChain,
  duplicateRule,
  unreachableRule,
  shadowedRule,
  redundantRule,
  contradictoryMatch,
  neverAppliesAtHook,
  unreferencedChain,
  emptyChainJump,
  unreadMark,
  dropWithoutEstablished,
  logWithoutLimit,
  deprecatedSpelling,
  clusterIpOutsideRange,
  localDetectorMismatch,
  unexpectedOwner,
  missingOwner,
];
