import { invariant } from "../../../grammar/invariant.ts";

/**
 * The template language. A template is a rule as iptables-save prints it, without its `-A CHAIN`, in which
 *
 *     {hole}            stands for one value,
 *     [hole: words]     is written only where `hole` has a value, and read whether it is there or not,
 *     -m comment …      is always written, and read whether it is there or not.
 *
 * The reader asks for the same options, in any order; the writer fills the holes.
 */
export interface Template {
  readonly text: string;
  readonly parts: readonly Part[];
  readonly forms: readonly Form[];
  /** What the comment looks like; group 1 is `{name}`. `null`: no comment. */
  readonly comment: RegExp | null;
  /** What follows the name in a comment that begins with it; `null` where there is more that varies. */
  readonly afterName: string | null;
}

/** A run of words; `condition` is the hole on which it depends. */
interface Part {
  readonly condition: string | null;
  readonly words: readonly string[];
}

/** One of the sets of options that a template may show. */
export interface Form {
  /** Options in canonical order, see `optionKey`; equal to the key of every shape that the form matches. */
  readonly key: string;
  readonly values: readonly FormValue[];
  /** What `-j` names: a chain (a hole or a fixed name), an extension, or nothing. */
  readonly target: { readonly kind: "chain" | "extension" | "none"; readonly name: string };
}

/** A value of a form: either a hole or a constant. */
export interface FormValue {
  readonly option: string;
  readonly index: number;
  readonly hole: string | null;
  readonly text: string;
}

/** Values by hole; `null` or absent: the hole stays empty. */
export type Values = Readonly<Record<string, string | null | undefined>>;

/** Protocols are one extension to a template: `-m {protocol}`. */
const PROTOCOL_EXTENSIONS = new Set(["tcp", "udp", "sctp", "udplite", "dccp", "{protocol}"]);

/** Name of an option within a key: negation, extension (none for the core, the target and protocols), flag. */
export function optionKey(extension: string | null, flag: string, negated: boolean): string {
  const owner = extension === null || PROTOCOL_EXTENSIONS.has(extension) ? "" : `${extension} `;
  return `${negated ? "! " : ""}${owner}${flag}`;
}

/** Key of a set of options with a target: the common ground of templates and shapes. */
export function formKey(options: readonly string[], target: string): string {
  return `${[...options].sort().join(", ")} -> ${target}`;
}

/** Whether an extension without options says something of its own: `-m tcp` says nothing that `-p tcp` does not. */
export function isBareNoise(extension: string): boolean {
  return extension === "comment" || PROTOCOL_EXTENSIONS.has(extension);
}

/** Reads a template when it is asked for: a dump shows the rules of one release. Throws (`InvariantError`) where the text is no template: templates are ours. */
export const template = (text: string): Template => new TemplateText(text);

class TemplateText implements Template {
  readonly text: string;
  #parts: readonly Part[] | undefined;
  #forms: readonly Form[] | undefined;
  #comment: RegExp | null | undefined;

  constructor(text: string) {
    this.text = text;
  }

  get parts(): readonly Part[] {
    this.#parts ??= splitParts(this.text);
    return this.#parts;
  }
  get forms(): readonly Form[] {
    this.#forms ??= formsOf(this.parts);
    return this.#forms;
  }
  get comment(): RegExp | null {
    if (this.#comment === undefined) this.#comment = commentPattern(this.text);
    return this.#comment;
  }
  get afterName(): string | null {
    return /--comment "\{name\}([^"{}]*)"/.exec(this.text)?.[1] ?? null;
  }
}

function commentPattern(text: string): RegExp | null {
  const comment = /--comment "([^"]*)"/.exec(text)?.[1];
  if (comment === undefined) return null;
  const pattern = comment
    .replace(/[.*+?^$()|[\]\\]/g, "\\$&")
    .replace("{endpointComment}", "(\\S+)(?: -> \\S+)?")
    .replace("{name}", "(\\S+)")
    .replace(/\{[A-Za-z]+\}/g, "\\S+");
  return new RegExp(`^${pattern}$`);
}

function splitParts(text: string): Part[] {
  const parts: Part[] = [];
  for (const piece of text.split(/(\[[^\]]*\])/)) {
    if (piece.trim() === "") continue;
    const group = /^\[([A-Za-z]+): (.*)\]$/.exec(piece);
    invariant(group !== null || !piece.startsWith("["), `template group ${piece}`);
    const words = (group?.[2] ?? piece).match(/"[^"]*"|\S+/g) ?? [];
    parts.push({ condition: group?.[1] ?? null, words });
  }
  return parts;
}

function formsOf(parts: readonly Part[]): Form[] {
  let choices: string[][] = [[]];
  for (const { condition, words } of parts) {
    const without = condition === null ? [] : choices;
    choices = [...without, ...choices.map((chosen) => [...chosen, ...words])];
  }
  const forms = new Map<string, Form>();
  for (const words of choices) {
    const form = formOf(words);
    if (!forms.has(form.key)) forms.set(form.key, form);
  }
  return [...forms.values()];
}

function formOf(words: readonly string[]): Form {
  const options: string[] = [];
  const values: FormValue[] = [];
  let extension: string | null = null;
  let negated = false;
  let current = "";
  let index = 0;
  let target: Form["target"] = { kind: "none", name: "" };
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (word === "!") {
      negated = true;
    } else if (word === "-m") {
      extension = words[++i] as string;
    } else if (word === "-j") {
      const name = words[++i] as string;
      const kind = name.startsWith("{") || name.startsWith("KUBE-") ? "chain" : "extension";
      target = { kind, name: name.replace(/[{}]/g, "") };
      extension = null;
    } else if (word.startsWith("-")) {
      current = optionKey(word.startsWith("--") ? extension : null, word, negated);
      if (extension !== "comment") options.push(current);
      negated = false;
      index = 0;
    } else if (extension !== "comment") {
      const hole = /^\{([A-Za-z]+)\}$/.exec(word)?.[1] ?? null;
      values.push({ option: current, index: index++, hole, text: word });
    }
  }
  const suffix = target.kind === "chain" ? "chain" : target.name;
  return { key: formKey(options, suffix), values, target };
}

/** The value of a hole: of the first that knows it, even as nothing. */
function valueIn(layers: readonly Values[], hole: string): string | null {
  for (let k = 0; k < layers.length; k++) {
    const value = (layers[k] as Values)[hole];
    if (value !== undefined) return value;
  }
  return null;
}

/**
 * Writes a rule of `chain`; `null` where a value is missing that stands outside a group. A comment that names a Service is left out
 * when the name is not known.
 * @param layers - values of the rule alone, then those that it shares with others
 */
export function fill({ parts }: Template, chain: string, layers: readonly Values[]): string | null {
  let text = `-A ${chain}`;
  for (const { condition, words } of parts) {
    if (condition !== null && valueIn(layers, condition) === null) continue;
    for (let i = 0; i < words.length; i++) {
      const isUnnamed = words[i] === "-m" && words[i + 1] === "comment" && words[i + 3]?.includes("{name}");
      if (isUnnamed === true && valueIn(layers, "name") === null) {
        i += 3;
        continue;
      }
      const word = fillWord(words[i] as string, layers);
      if (word === null) return null;
      text += ` ${word}`;
    }
  }
  return text;
}

function fillWord(word: string, layers: readonly Values[]): string | null {
  if (!word.includes("{")) return word;
  if (word.startsWith("{") && word.indexOf("}") === word.length - 1) return valueIn(layers, word.slice(1, -1));
  const isQuoted = word.startsWith('"');
  let isFull = true;
  const filled = word.replace(/\{([A-Za-z]+)\}/g, (_, hole: string) => {
    const value = valueIn(layers, hole);
    if (value === null) isFull = false;
    return isQuoted ? (value ?? "").replace(/["\\]/g, "\\$&") : (value ?? "");
  });
  return isFull ? filled : null;
}
