import type { Codec, Refusal } from "./codec.ts";

/** XT_STRING_MAX_PATTERN_SIZE */
const LONGEST = 128;

const TOO_LONG = { expected: `a pattern of at most ${LONGEST} bytes` };

/** Whether iptables-save prints the pattern in hexadecimal, with `--hex-string` (is_hex_string of libxt_string.c). */
export function isHexPattern(bytes: string): boolean {
  return /[^ -~]/.test(bytes) || bytes.endsWith("\\");
}

/** Two digits a byte between bars. */
export function hexOf(bytes: string): string {
  let hex = "";
  for (let i = 0; i < bytes.length; i++) hex += bytes.charCodeAt(i).toString(16).padStart(2, "0");
  return `|${hex}|`;
}

function say(bytes: string): string {
  return isHexPattern(bytes) ? `the bytes ${hexOf(bytes).slice(1, -1)}` : `"${bytes}"`;
}

/** `--string "GET /"` */
export const quotedPattern: Codec<string> = {
  name: "pattern",
  quoting: "always",
  parse: (text) => (text.length > LONGEST ? TOO_LONG : { value: text }),
  print: (value) => value,
  say,
};

/** `--hex-string "|0d 0a|abc"`; the value is the bytes themselves. */
export const hexPattern: Codec<string> = {
  name: "hex-pattern",
  quoting: "always",
  parse: readHexPattern,
  print: hexOf,
  say,
};

/** parse_hex_string of libxt_string.c: bars switch hexadecimal on and off, a backslash outside takes the next byte as it is. */
function readHexPattern(text: string): { readonly value: string } | Refusal {
  let bytes = "";
  let inHex = false;
  let at = 0;
  while (at < text.length) {
    const char = text[at] as string;
    if (char === "|") {
      inHex = !inHex;
      at++;
      while (inHex && text[at] === " ") at++;
    } else if (inHex) {
      const pair = text.slice(at, at + 2);
      if (!/^[0-9A-Fa-f]{2}$/.test(pair) || at + 2 >= text.length)
        return { expected: "pairs of hexadecimal digits between bars" };
      bytes += String.fromCharCode(Number.parseInt(pair, 16));
      at += text[at + 2] === " " ? 3 : 2;
    } else {
      if (char === "\\") at++;
      if (at >= text.length) return { expected: "a byte behind the backslash" };
      bytes += text[at++];
    }
  }
  return bytes.length > LONGEST ? TOO_LONG : { value: bytes };
}
