import type { Look } from "../report/report.ts";
import type { Io } from "./io.ts";

/** Options that every command with output for people takes. */
export interface LookOptions {
  readonly color: "auto" | "always" | "never";
  readonly width?: number;
}

const narrowest = 40;
/** Where no terminal says how wide it is. */
const usual = 100;

/** How text is to look: from the options, then from the terminal, its locale and NO_COLOR. */
export function lookFor(options: LookOptions, io: Io): Omit<Look, "quiet"> {
  const width = options.width ?? io.stdout.columns ?? usual;
  return {
    width: Math.max(narrowest, width),
    colour:
      options.color === "auto"
        ? io.stdout.isTerminal && !io.env["NO_COLOR"] && io.env["TERM"] !== "dumb"
        : options.color === "always",
    // What a terminal cannot show it may garble; a file or a pipe takes any bytes.
    unicode: !io.stdout.isTerminal || /utf-?8/i.test(io.env["LC_ALL"] || io.env["LC_CTYPE"] || io.env["LANG"] || ""),
  };
}
