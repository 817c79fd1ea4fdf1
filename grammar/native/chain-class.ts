import { areSame } from "./bytes.ts";

export const LONGEST_CHAIN = 28;

const builtInChains: StaticArray<StaticArray<u8>> = [
  [80, 82, 69, 82, 79, 85, 84, 73, 78, 71],
  [73, 78, 80, 85, 84],
  [70, 79, 82, 87, 65, 82, 68],
  [79, 85, 84, 80, 85, 84],
  [80, 79, 83, 84, 82, 79, 85, 84, 73, 78, 71],
];

/** Which built-in chain it is; 5 for a user-defined one, 6 for one whose name is too long. */
export function chainClass(from: i32, to: i32): i32 {
  const length = to - from;
  if (length > LONGEST_CHAIN) return 6;
  for (let k = 0; k < 5; k++) {
    const name = unchecked(builtInChains[k]);
    if (name.length === length && areSame(<i32>changetype<usize>(name), from, length)) return k;
  }
  return 5;
}
