import { parse, type ValueNode } from "@humanwhocodes/momoa";
import { displayLength, utf8ByteString } from "../../grammar/bytes.ts";
import { nearest } from "../../grammar/nearest.ts";
import type { Location } from "../checks/finding.ts";
import { ConfigError, type TextFile } from "./config-error.ts";

/**
 * Reads a JSON text with a function that asks its values what they are. All that they refuse is told at once.
 * @throws {ConfigError}
 */
export function readJson<T>(file: TextFile, read: (root: JsonValue) => T): T {
  const problems: JsonProblem[] = [];
  const value = read(new JsonValue(rootOf(file), "", file, problems));
  problems.sort((a, b) => a.line - b.line);
  if (problems.length > 0) throw new ConfigError(problems.map(({ line, text }) => `${file.name}:${line}: ${text}`));
  return value;
}

interface JsonProblem {
  readonly line: number;
  readonly text: string;
}

function rootOf({ name, text }: TextFile): ValueNode {
  try {
    return parse(text.replace(/^\ufeff/, " "), { mode: "json" }).body;
  } catch (error) {
    const { line, column } = error as { line?: number; column?: number };
    // the parser recurses, and says so in its own way where brackets stand in brackets a thousand times
    if (line === undefined || column === undefined) throw new ConfigError([`${name}: no JSON that can be read`]);
    const what = text.trim() === "" ? "an empty file" : (error as Error).message.replace(/ \(\d+:\d+\)$/, "");
    throw new ConfigError([`${name}:${line}:${column}: no JSON: ${what}`]);
  }
}

/** Characters of a value that are quoted in an error. */
const MOST_SEEN = 40;

/** A value of a JSON text. Its questions give `null`, and note what is wrong, where it is something else than asked for. */
export class JsonValue {
  readonly #node: ValueNode;
  /** `cluster.nodeIPs[0]`; "" for the whole text. */
  readonly #path: string;
  readonly #file: TextFile;
  readonly #problems: JsonProblem[];

  constructor(node: ValueNode, path: string, file: TextFile, problems: JsonProblem[]) {
    this.#node = node;
    this.#path = path;
    this.#file = file;
    this.#problems = problems;
  }

  /** Its first line, as the place of a finding. */
  get location(): Location {
    const { line, column, offset } = this.#node.loc.start;
    const text = this.#written.split("\n")[0] ?? "";
    const before = this.#file.text.slice(offset - column + 1, offset);
    return {
      file: this.#file.name,
      line,
      column: Array.from(before).length + 1,
      length: displayLength(utf8ByteString(text)),
      byteOffset: utf8ByteString(this.#file.text.slice(0, offset)).length,
      byteLength: utf8ByteString(text).length,
    };
  }

  get #written(): string {
    const { start, end } = this.#node.loc;
    return this.#file.text.slice(start.offset, end.offset);
  }

  /** Notes that something else is expected here. */
  refuse(expected: string, suggestion: string | null = null): null {
    const seen = this.#written.replace(/\s+/g, " ");
    const shown = seen.length > MOST_SEEN ? `${seen.slice(0, MOST_SEEN)}…` : seen;
    return this.#note(`seen ${shown}, expected ${expected}`, this.#path, suggestion);
  }

  /** Notes that nothing is called like the key before this value. */
  refuseKey(what: string, expected: string, suggestion: string | null): null {
    return this.#note(`${what}, expected ${expected}`, this.#path, suggestion);
  }

  #note(message: string, path: string, suggestion: string | null = null): null {
    const meant = suggestion === null ? "" : `; did you mean ${JSON.stringify(suggestion)}?`;
    const text = `${path === "" ? "" : `${path}: `}${message}${meant}`;
    this.#problems.push({ line: this.#node.loc.start.line, text });
    return null;
  }

  string(expected: string): string | null {
    return this.#node.type === "String" ? this.#node.value : this.refuse(expected);
  }

  boolean(): boolean | null {
    return this.#node.type === "Boolean" ? this.#node.value : this.refuse("true or false");
  }

  /** A whole number from 1 on. */
  count(): number | null {
    const value = this.#node.type === "Number" ? this.#node.value : 0;
    return Number.isSafeInteger(value) && value > 0 ? value : this.refuse("a whole number from 1 on");
  }

  /** One of these strings. */
  choice<T extends string>(choices: readonly T[]): T | null {
    const value = this.#node.type === "String" ? this.#node.value : null;
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    const names = choices.map((choice) => JSON.stringify(choice)).join(", ");
    return this.refuse(`one of ${names}`, value === null ? null : nearest(value, choices));
  }

  /** Whether it is a list; asking notes nothing. */
  get isList(): boolean {
    return this.#node.type === "Array";
  }

  /** The values of a list. */
  list(expected: string): JsonValue[] {
    if (this.#node.type !== "Array") {
      this.refuse(expected);
      return [];
    }
    return this.#node.elements.map(({ value }, k) => this.#inner(value, `${this.#path}[${k}]`));
  }

  /** The values of a list; a value that is no list stands for a list of one. */
  oneOrMore(expected: string): JsonValue[] {
    if (this.#node.type !== "Array") return [this];
    if (this.#node.elements.length === 0) this.refuse(expected);
    return this.list(expected);
  }

  /** What an object has under these keys; no other may be there, none twice. */
  fields<K extends string>(keys: readonly K[]): Partial<Record<K, JsonValue>> {
    const found: Partial<Record<K, JsonValue>> = {};
    for (const { key, value } of this.entries(`an object with ${keys.join(", ")}`)) {
      const known = keys.find((each) => each === key);
      if (known !== undefined) found[known] = value;
      else value.#note(`unknown key, expected one of ${keys.join(", ")}`, value.#path, nearest(key, keys));
    }
    return found;
  }

  /** Keys and values of an object, each key once. */
  entries(expected: string): { readonly key: string; readonly value: JsonValue }[] {
    if (this.#node.type !== "Object") {
      this.refuse(expected);
      return [];
    }
    const seen = new Set<string>();
    return this.#node.members.map(({ name, value }) => {
      const key = name.type === "String" ? name.value : name.name;
      const inner = this.#inner(value, this.#pathOf(key));
      if (seen.has(key)) inner.#note("this key stands here for the second time", inner.#path);
      seen.add(key);
      return { key, value: inner };
    });
  }

  /** Notes that an object lacks a key. */
  lacks(key: string, expected: string): null {
    return this.#note(`missing, expected ${expected}`, this.#pathOf(key));
  }

  #inner(node: ValueNode, path: string): JsonValue {
    return new JsonValue(node, path, this.#file, this.#problems);
  }

  #pathOf(key: string): string {
    if (!/^[A-Za-z$_][\w$]*$/.test(key)) return `${this.#path}[${JSON.stringify(key)}]`;
    return this.#path === "" ? key : `${this.#path}.${key}`;
  }
}
