import { invariant } from "../../../grammar/invariant.ts";
import { filterSlots } from "./filter-slots.ts";
import { lostSlots } from "./lost-slots.ts";
import { natSlots } from "./nat-slots.ts";
import { type Role, roles, type Slot } from "./slot.ts";

/** A rule's claim: nobody's, or unexpected in a chain of kube-proxy's, or a slot's number. Fits a byte. */
export type Claim = number;

/** The rule stands in a chain of somebody else. */
export const FOREIGN: Claim = 0;
/** The rule stands in a chain of kube-proxy's and is none that kube-proxy writes. */
export const UNEXPECTED: Claim = 1;

/** Every slot; its claim is its index plus 2. */
export const slots: readonly Slot[] = [...natSlots, ...filterSlots, ...lostSlots];
invariant(slots.length < 254, "claims fit a byte");

const claims = new Map<string, Map<string, Claim>>(roles.map((role) => [role, new Map()]));
for (const [index, { role, name }] of slots.entries()) {
  const ofRole = claims.get(role);
  invariant(ofRole !== undefined && !ofRole.has(name), "names of slots are unique within their role");
  ofRole.set(name, index + 2);
}

/** Claim of the slot `name` of `role`. */
export function claimOf(role: Role, name: string): Claim {
  const claim = claims.get(role)?.get(name);
  if (claim === undefined) invariant(false, `a slot ${role} ${name}`);
  return claim;
}

/** Claims of rules that lost something come last. */
export const FIRST_LOST: Claim = slots.length - lostSlots.length + 2;

/** The slot that a rule is claimed by, or `null`. */
export const slotOf = (claim: Claim): Slot | null => slots[claim - 2] ?? null;

/** Slots of each role by role number, in the order in which kube-proxy writes them. */
export const slotsByRole: readonly (readonly Slot[])[] = roles.map((role) =>
  slots.filter((slot) => slot.role === role),
);
