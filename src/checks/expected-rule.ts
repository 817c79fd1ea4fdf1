import { invariant } from "../../grammar/invariant.ts";
import type { Role } from "../kubernetes/templates/slot.ts";
import { slots } from "../kubernetes/templates/slots.ts";
import { fill, type Values } from "../kubernetes/templates/template.ts";

/** The rule that kube-proxy writes into a slot, as what a finding lists as missing: none where a value of it is not known. */
export function expectedRule(role: Role, slot: string, chain: string, values: Values): readonly string[] {
  const found = slots.find((each) => each.role === role && each.name === slot);
  invariant(found !== undefined, `a slot ${role} ${slot}`);
  const text = fill(found.template, chain, values);
  return text === null ? [] : [text];
}
