import type { Codec } from "./codec.ts";

const PLAIN = /^[\w-]+$/;

/** Whether iptables-save would print the text without quotes (xtables_save_string in libxtables/xtables.c). */
export function isPlain(text: string): boolean {
  return PLAIN.test(text);
}

/** The text in double quotes, with a backslash before each `"`, `\` and `'`. */
export function quote(text: string): string {
  return `"${text.replace(/["'\\]/g, "\\$&")}"`;
}

/** A text that iptables keeps the first `max` bytes of. */
function cutText(name: string, max: number, quoting?: "when-needed" | "always"): Codec<string> {
  return {
    name,
    ...(quoting && { quoting }),
    parse: (text) => ({ value: text.length > max ? text.slice(0, max) : text }),
    print: (value) => value,
    ...(quoting && { say: (value: string) => `"${value}"` }),
    takesUpTo: 1023,
    accepts: () => true,
  };
}

/** A text of at least one byte that iptables keeps the first `max` of. */
function boundedText(name: string, max: number, quoting?: "when-needed" | "always"): Codec<string> {
  return {
    ...cutText(name, max, quoting),
    takesUpTo: 0,
    takesBare: max,
    accepts: (bytes, start, end) => end > start && end - start <= max && bytes[start] !== 34,
    parse: (text) => (text.length === 0 ? { expected: "a text of at least one byte" } : { value: text.slice(0, max) }),
  };
}

/** A text of at least one and at most `max` bytes. */
function shortText(name: string, max: number, quoting?: "when-needed" | "always"): Codec<string> {
  return {
    name,
    ...(quoting && { quoting }),
    parse: (text) =>
      text.length === 0 || text.length > max ? { expected: `a text of 1 to ${max} bytes` } : { value: text },
    print: (value) => value,
  };
}

export const plainText = cutText("text", 1023);
export const quotedText = cutText("quoted-text", 1023, "when-needed");
export const alwaysQuoted = shortText("led-trigger", 26, "always");
export const extensionName = cutText("extension-name", 1023);
export const chainName = cutText("chain-name", 1023);
export const recentName = boundedText("recent-name", 199);
export const helperName = boundedText("helper-name", 15, "when-needed");
/** `--helper ftp` of the match: an empty name stands for any helper. */
export const anyHelperName = cutText("helper-name", 29, "when-needed");
export const accountName = shortText("account-name", 31, "when-needed");
export const estimatorName = boundedText("estimator-name", 15);
export const timerLabel = boundedText("timer-label", 27);
export const logPrefix = boundedText("log-prefix", 29, "when-needed");
export const nflogPrefix = boundedText("nflog-prefix", 63, "when-needed");
export const ulogPrefix = boundedText("ulog-prefix", 31, "when-needed");

/** Any text; iptables keeps its first 255 bytes. */
export const comment: Codec<string> = cutText("comment", 255, "when-needed");
