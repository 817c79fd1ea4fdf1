import { byteString } from "../../grammar/bytes.ts";
import type { RuleStore } from "../netfilter/store.ts";

/** A comment line of the text that iptables-save wrote to say something. */
export interface Remark {
  readonly offset: number;
  readonly length: number;
  readonly text: string;
}

const REMARK = /^# (?:Warning:|Table `)/;
/** A text has one or two; one that has more was made to be so. */
const MOST = 100;

const known = new WeakMap<RuleStore, readonly Remark[]>();

/** `# Warning: …` and `# Table … is incompatible` lines, in the order of the text. */
export function remarksIn(store: RuleStore): readonly Remark[] {
  let found = known.get(store);
  if (found === undefined) {
    found = search(store);
    known.set(store, found);
  }
  return found;
}

function search({ ast }: RuleStore): Remark[] {
  const { bytes } = ast.source;
  const found: Remark[] = [];
  for (let at = bytes.indexOf(35); at >= 0 && found.length < MOST; at = bytes.indexOf(35, at + 1)) {
    if (bytes[at + 1] !== 32 || (bytes[at + 2] !== 84 && bytes[at + 2] !== 87)) continue;
    let end = at;
    while (end < bytes.length && end < at + 300 && bytes[end] !== 10 && bytes[end] !== 13) end++;
    const text = byteString(bytes, at, end);
    if (REMARK.test(text)) found.push({ offset: at, length: end - at, text });
  }
  return found;
}
