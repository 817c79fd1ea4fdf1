import type { LineReader } from "./line-reader.ts";
import { REFUSES } from "./vocabulary/refuse.ts";

/** Options whose value iptables takes from the word before the next one, joined or not: xshared.c, do_parse, `argv[optind - 1]`. */
const WHOLE_WORDS: ReadonlySet<string> = new Set(["--source", "--destination", "--protocol", "--jump"]);
const EQUALS = 61;

/** The number of a flag with a value joined to it (`-s10.0.0.1`, `--jump=DROP`) that iptables takes for the value's own part; -1: none. */
export function refusedJoin({ outline, scanner, bytes }: LineReader): number {
  if (outline.plain) return -1;
  const { words, spans, count } = scanner;
  for (let k = 0; k + 1 < count; k++) {
    if (!WHOLE_WORDS.has(words[k]?.option?.flag ?? "")) continue;
    const end = spans[(k << 1) + 1] as number;
    const next = spans[(k + 1) << 1] as number;
    if (next === end || (next === end + 1 && bytes[end] === EQUALS)) return k;
  }
  return -1;
}

/** What iptables-restore has against it. */
export function refusalOfJoin({ scanner }: LineReader, flag: number) {
  const offset = scanner.spans[flag << 1] as number;
  const end = scanner.spans[((flag + 1) << 1) + 1] as number;
  const name = scanner.text(offset, scanner.spans[(flag << 1) + 1] as number);
  return {
    offset,
    length: end - offset,
    message: `a value joined to ${name}; ${REFUSES}`,
    expected: `a blank behind ${name}`,
  };
}
