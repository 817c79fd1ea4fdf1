import { byteString } from "../../../grammar/bytes.ts";
import type { Shape } from "../../../grammar/shape.ts";
import { type ChainId, NONE, type RuleId } from "../../netfilter/ruleset.ts";
import { hostOf, portNumber } from "../address-text.ts";
import type { Frontend } from "../service-map.ts";
import { lostFrom } from "../templates/lost-slots.ts";
import { claimOf, slotOf, UNEXPECTED } from "../templates/slots.ts";
import type { ClaimedRules } from "./claimed-rules.ts";
import { isCopy } from "./line-bytes.ts";

/** Name of the slot that the rule fills, a line that lost its port as the whole one; "" for a rule that fills none. */
export function slotName(rules: ClaimedRules, rule: RuleId): string {
  const name = slotOf(rules.claim(rule))?.name ?? "";
  return lostFrom(name) ?? name;
}

const COUNTED_LOOPBACK = claimOf("nat KUBE-NODEPORTS", "counted-loopback");
const LOST_LOOPBACK = claimOf("nat KUBE-NODEPORTS", "lost counted-loopback");

/** Whether a rule that leads to a Service port is a way in; one counts packets to 127.0.0.0/8 and goes where the next rule goes. */
export function isFrontend(rules: ClaimedRules, rule: RuleId): boolean {
  const claim = rules.claim(rule);
  return claim > UNEXPECTED && claim !== COUNTED_LOOPBACK && claim !== LOST_LOOPBACK;
}

/** False: the rule asks for no address that begins so. */
export function mayAskForAddress(rules: ClaimedRules, rule: RuleId, text: Uint8Array): boolean {
  const line = rules.line(rule);
  return line === null || beginsWith(rules.ruleset.store.bytes, line.addressStart, text);
}

/** False: the rule asks for no port that begins so. */
export function mayAskForPort(rules: ClaimedRules, rule: RuleId, text: Uint8Array): boolean {
  const { store } = rules.ruleset;
  const start = store.valueStart(rule);
  // the last value is the port, or else it is to be found in full
  return start === NONE || beginsWith(store.bytes, start, text) || !endsInPort(store.shape(rule));
}

const knownEnds = new WeakMap<Shape, boolean>();

/** Whether the last value of rules of the shape is their destination port. */
function endsInPort(shape: Shape): boolean {
  let known = knownEnds.get(shape);
  if (known === undefined) {
    const port = shape.options.find(({ record }) => record?.flag === "--dport");
    known = port !== undefined && port.valueWords[0] === shape.valueWord;
    knownEnds.set(shape, known);
  }
  return known;
}

function beginsWith(bytes: Uint8Array, start: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text[i]) return false;
  return true;
}

/** Where a rule of table nat leads to the chain of a Service port from. */
export function frontendOf(rules: ClaimedRules, rule: RuleId, chain: ChainId, firewall: ChainId): Frontend {
  const slot = slotName(rules, rule);
  const kind = kindOf(rules, rule, slot, chain, firewall);
  const line = rules.line(rule);
  const { bytes } = rules.ruleset.store;
  if (line === null) {
    const ip = kind === "nodePort" ? null : ipOf(rules, rule);
    const protocol = rules.value(rule, "protocol");
    return { kind, ip, port: portOf(rules, rule), protocol, fate: "forwarded", rule, chain };
  }
  const { addressStart, addressEnd, portStart, portEnd, protocol } = line;
  const hasAddress = kind !== "nodePort" && addressStart !== NONE;
  const ip = hasAddress ? hostOf(byteString(bytes, addressStart, addressEnd)) : null;
  const port = portNumber(byteString(bytes, portStart, portEnd));
  return { kind, ip, port, protocol, fate: "forwarded", rule, chain };
}

function kindOf(rules: ClaimedRules, rule: RuleId, slot: string, chain: ChainId, firewall: ChainId): Frontend["kind"] {
  if (slot === "cluster-ip") return "clusterIP";
  if (slot.includes("node-port") || slot === "to-policy") return "nodePort";
  if (slot.includes("cluster-ip")) return "clusterIP";
  if (chain === firewall) return "loadBalancerIP";
  // Only load balancer IPs go to a KUBE-FW chain, and all of them do; only external IPs are asked for twice.
  if (firewall !== NONE || slot.startsWith("external-ip-")) return "externalIP";
  if (rules.name(rule) === null) return "external";
  return slot.includes("load-balancer") ? "loadBalancerIP" : "externalIP";
}

const addressOf = (rules: ClaimedRules, rule: RuleId): string | null =>
  rules.value(rule, "address") ?? rules.value(rule, "clusterIP");

/** Whether two rules have one name, and ask for one address, port and protocol, as their bytes show. False: perhaps. */
export function areAlike(rules: ClaimedRules, rule: RuleId, other: RuleId): boolean {
  const { bytes } = rules.ruleset.store;
  const line = rules.line(rule);
  if (line === null) return false;
  // the next line takes the place of this one
  const { nameStart, nameEnd, addressStart, addressEnd, portStart, portEnd, protocol } = line;
  const next = rules.line(other);
  return (
    next !== null &&
    next.protocol === protocol &&
    next.portEnd - next.portStart === portEnd - portStart &&
    isCopy(bytes, portStart, portEnd, next.portStart) &&
    next.nameEnd - next.nameStart === nameEnd - nameStart &&
    isCopy(bytes, nameStart, nameEnd, next.nameStart) &&
    (addressStart === NONE
      ? next.addressStart === NONE
      : next.addressStart !== NONE &&
        next.addressEnd - next.addressStart === addressEnd - addressStart &&
        isCopy(bytes, addressStart, addressEnd, next.addressStart))
  );
}

/** The single address that the rule asks for. */
export function ipOf(rules: ClaimedRules, rule: RuleId): string | null {
  const text = addressOf(rules, rule);
  return text === null ? null : hostOf(text);
}

export const portOf = (rules: ClaimedRules, rule: RuleId): number | null =>
  portNumber(rules.value(rule, "port") ?? rules.value(rule, "nodePort") ?? rules.value(rule, "healthCheckNodePort"));
