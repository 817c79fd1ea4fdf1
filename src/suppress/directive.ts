import { displayText } from "../../grammar/bytes.ts";
import { nearest } from "../../grammar/nearest.ts";
import { documentedChecks } from "../checks/documented.ts";

/** What a comment begins with that suppresses the findings of its rule; with `-next`, behind `#`, those of the next line. */
export const KEYWORD = "iptlint-ignore";

/** `CHECK-ID, CHECK-ID: REASON` */
export interface Directive {
  readonly checkIds: readonly string[];
  /** Decoded. */
  readonly reason: string;
}

/** Why a text is no directive, in words; asked for them only when they are told. */
export type NoDirective = () => string;

/** Ids in one directive; a comment of the kernel has room for about ten. */
const MOST_IDS = 100;

const checkIds: readonly string[] = documentedChecks.map(({ id }) => id);
const known: ReadonlySet<string> = new Set(checkIds);

/** Reads what stands behind the keyword: other people's bytes. */
export function readDirective(text: string): Directive | NoDirective {
  const colon = text.indexOf(":");
  const names = (colon < 0 ? text : text.slice(0, colon)).trim();
  if (names.length > 100 * MOST_IDS) return () => "it names more checks than there are";
  const ids = names.split(/[\s,]+/).filter((name) => name !== "");
  if (ids.length === 0) return () => "it names no check";
  const stranger = ids.find((id) => !known.has(id));
  if (stranger !== undefined) return () => `${quoted(stranger)} is no check${meant(stranger)}`;
  const reason = colon < 0 ? "" : displayText(text.slice(colon + 1)).trim();
  if (reason === "") return () => "it gives no reason";
  return { checkIds: [...new Set(ids)], reason };
}

const quoted = (text: string): string => `"${displayText(text)}"`;

function meant(name: string): string {
  const suggestion = nearest(name, checkIds);
  return suggestion === null ? "" : `; did you mean ${suggestion}?`;
}
