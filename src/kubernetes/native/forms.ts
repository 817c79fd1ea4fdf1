/** Rules that say what another one says but for name, address and port. */

import { at, formOf, isPort, lastValue, text, wordEnd } from "./columns.ts";
import { portAt } from "./destinations.ts";
import { areEqual, bareStart } from "./texts.ts";

/** A form is so many integers: the shape and the chain, then places and lengths of what stands before address, name and port, and behind it. */
export const FORM = 10;
const FRONT = 2 * 4;
const HEAD = 4 * 4;
const TAIL = 6 * 4;
const BEHIND = 8 * 4;

// values of the rule that was last looked at
export let nameStart: usize = 0;
export let nameEnd: usize = 0;
export let addressStart: usize = 0;
export let addressEnd: usize = 0;
export let portStart: usize = 0;
export let portEnd: usize = 0;

/** Whether the rule says what the form's says but for name, address and port, which are found. */
export function fits(rule: i32, form: usize, hasAddress: bool): bool {
  if (formOf(rule) !== at(form, 0)) return false;
  portStart = text + lastValue(rule);
  portEnd = wordEnd(portStart);
  if (at(form + BEHIND, 1) > 0) {
    portEnd -= at(form + BEHIND, 1);
    if (portEnd < text || !isPart(form + BEHIND, portEnd)) return false;
    portStart = bareStart(portEnd);
  }
  if (<i32>(portStart - text) < at(form + TAIL, 1)) return false;
  nameEnd = portStart - at(form + TAIL, 1);
  if (!isPort(portStart, portEnd) || portAt(portStart) > 65535 || !isPart(form + TAIL, nameEnd)) return false;
  nameStart = bareStart(nameEnd);
  if (nameStart === nameEnd || nameStart - text < 2 || load<u8>(nameStart - 1) !== 34 || load<u8>(nameStart - 2) !== 32)
    return false;
  if (<i32>(nameStart - text) < at(form + HEAD, 1)) return false;
  addressEnd = nameStart - at(form + HEAD, 1);
  if (!isPart(form + HEAD, addressEnd)) return false;
  addressStart = hasAddress ? bareStart(addressEnd) : addressEnd;
  if (hasAddress && (addressStart === addressEnd || addressStart === text || load<u8>(addressStart - 1) !== 32))
    return false;
  return <i32>(addressStart - text) >= at(form + FRONT, 1) && isPart(form + FRONT, addressStart - at(form + FRONT, 1));
}

/** Whether the part of a form, place and length, stands there, too. */
function isPart(part: usize, place: usize): bool {
  return areEqual(text + at(part, 0), place, at(part, 1));
}

export function isSame(start: usize, length: usize, from: usize, to: usize): bool {
  return to - from === length && areEqual(start, from, <i32>length);
}
