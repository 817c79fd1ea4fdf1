import { toJson } from "./escape.ts";
import type { ExplainReport } from "./explanation.ts";

/** `iptlint/explain/1`, described by schema/explain.schema.json: one answer a line. */
export function* renderExplainJson({ version, question, answers, searched, near }: ExplainReport): Iterable<string> {
  yield `{"schema":"iptlint/explain/1","version":${toJson(version)},"question":${toJson(question)},\n`;
  yield `"searched":${toJson(searched)},"near":${toJson(near)},\n`;
  yield `"answers":[${answers.map((answer) => `\n${toJson(answer)}`).join(",")}\n]}\n`;
}
