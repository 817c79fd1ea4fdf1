import { renderConcise } from "./concise.ts";
import { renderGithub } from "./github.ts";
import { renderJson } from "./json.ts";
import { renderJunit } from "./junit.ts";
import { renderMarkdown } from "./markdown.ts";
import type { Format } from "./report.ts";
import { renderSarif } from "./sarif.ts";
import { renderText } from "./text.ts";

/** The report formats by the names that `--format` takes. */
export const formats = {
  text: renderText,
  concise: renderConcise,
  json: renderJson,
  sarif: renderSarif,
  github: renderGithub,
  markdown: renderMarkdown,
  junit: renderJunit,
} as const satisfies Readonly<Record<string, Format>>;

export type FormatName = keyof typeof formats;
