import type { Severity } from "../checks/finding.ts";

type Style = "bold" | "dim" | "red" | "yellow" | "blue" | "green" | "cyan";

const codes: Readonly<Record<Style, string>> = {
  bold: "1",
  dim: "2",
  red: "31",
  green: "32",
  yellow: "33",
  blue: "34",
  cyan: "36",
};

/** Paints escaped text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

/** ECMA-48 colours when asked for; the text without them says the same. */
export function painter(colour: boolean): Paint {
  return colour ? (style, text) => `\x1b[${codes[style]}m${text}\x1b[0m` : (_style, text) => text;
}

export const severityStyle: Readonly<Record<Severity, Style>> = { error: "red", warning: "yellow", info: "blue" };
