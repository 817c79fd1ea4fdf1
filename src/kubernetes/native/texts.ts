/** Texts that rules of Service ports hold. */

import { text } from "./columns.ts";

export function begins(from: usize, to: usize, start: usize, end: usize): bool {
  return to - from >= end - start && areEqual(from, start, <i32>(end - start));
}

/** The address that begins there, up to a slash; -1 unless it is four numbers without zeros before them. */
export function quadAt(from: usize): i64 {
  let address: i64 = 0;
  let place = from;
  for (let number = 0; number < 4; number++) {
    const first = place;
    let octet: i64 = 0;
    while (<u32>load<u8>(place) - 48 <= 9 && place - first < 4) octet = octet * 10 + (<i64>load<u8>(place++) - 48);
    if (place === first || octet > 255 || (load<u8>(first) === 48 && place > first + 1)) return -1;
    if (load<u8>(place++) !== (number < 3 ? 46 : 47)) return -1;
    address = (address << 8) | octet;
  }
  return address;
}

export function areEqual(one: usize, other: usize, length: i32): bool {
  for (let k: usize = 0; k < <usize>length; k++) if (load<u8>(one + k) !== load<u8>(other + k)) return false;
  return true;
}

/** Back from `end` over printable letters other than blanks, quotes and backslashes. */
export function bareStart(end: usize): usize {
  let place = end;
  while (place > text) {
    const byte = load<u8>(place - 1);
    if (byte <= 32 || byte >= 127 || byte === 34 || byte === 92) break;
    place--;
  }
  return place;
}

/** `namespace/name` or `namespace/name:port` */
export function isName(from: usize, to: usize): bool {
  let slash: usize = 0;
  let colon: usize = 0;
  for (let place = from; place < to; place++) {
    const byte = load<u8>(place);
    if (byte === 47) {
      if (slash !== 0) return false;
      slash = place;
    } else if (byte === 58) {
      if (colon !== 0 || slash === 0) return false;
      colon = place;
    }
  }
  return slash > from && slash + 1 < (colon === 0 ? to : colon);
}

/** `IP/32` (`IP/128`) */
export function isHost(from: usize, to: usize): bool {
  let place = from;
  let isV6 = false;
  for (; place < to && load<u8>(place) !== 47; place++) if (load<u8>(place) === 58) isV6 = true;
  if (place === from || to - place !== (isV6 ? 4 : 3)) return false;
  if (isV6) return load<u8>(place, 1) === 49 && load<u8>(place, 2) === 50 && load<u8>(place, 3) === 56;
  return load<u8>(place, 1) === 51 && load<u8>(place, 2) === 50;
}
