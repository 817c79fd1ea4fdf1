/** What a YAML document holds: mappings as maps, so that no key is special. */
export type Yaml = string | readonly Yaml[] | ReadonlyMap<string, Yaml> | null;

interface Line {
  readonly indent: number;
  readonly text: string;
}

/** Deeper nesting than any Service has; what lies below is left out. */
const DEEPEST = 32;

/**
 * Reads the YAML that kubectl prints: block mappings and sequences, plain and quoted scalars on one line, block scalars (as ""),
 * empty flow collections, several documents. Not a YAML parser: anchors, tags, flow collections with content and folded plain
 * scalars are read as plain text or left out. Never throws.
 */
export function readYaml(text: string): readonly Yaml[] {
  const documents: Yaml[] = [];
  for (const document of text.split(/^---(?:\s.*)?$/m)) {
    const lines = linesOf(document);
    if (lines.length > 0) documents.push(new Reader(lines).value(0, 0));
  }
  return documents;
}

function linesOf(document: string): Line[] {
  const lines: Line[] = [];
  let blockIndent = -1;
  for (const raw of document.split(/\r?\n/)) {
    const text = raw.trim();
    const indent = raw.length - raw.trimStart().length;
    if (text === "" || (text.startsWith("#") && blockIndent < 0)) continue;
    if (blockIndent >= 0 && indent > blockIndent) continue;
    blockIndent = /(?:^|[:-] )[|>][+-]?\d?$/.test(text) ? indent : -1;
    lines.push({ indent, text });
  }
  return lines;
}

class Reader {
  readonly #lines: Line[];
  #at = 0;

  constructor(lines: Line[]) {
    this.#lines = lines;
  }

  /** The value that begins on the current line, which is indented by `indent` at least. */
  value(indent: number, depth: number): Yaml {
    const line = this.#lines[this.#at];
    if (line === undefined || line.indent < indent || depth > DEEPEST) return null;
    if (line.text === "-" || line.text.startsWith("- ")) return this.#sequence(line.indent, depth);
    if (keyOf(line.text) !== null) return this.#mapping(line.indent, depth);
    this.#at++;
    return scalar(line.text);
  }

  #sequence(indent: number, depth: number): Yaml {
    const items: Yaml[] = [];
    for (let line = this.#lines[this.#at]; line !== undefined; line = this.#lines[this.#at]) {
      if (line.indent !== indent || !(line.text === "-" || line.text.startsWith("- "))) break;
      const rest = line.text.slice(1).trimStart();
      if (rest === "") {
        this.#at++;
        items.push(this.value(indent + 1, depth + 1));
      } else {
        // What follows the dash is a line of its own, indented as deep as it stands.
        this.#lines[this.#at] = { indent: indent + line.text.length - rest.length, text: rest };
        items.push(this.value(indent + 1, depth + 1));
      }
      this.#skipDeeper(indent);
    }
    return items;
  }

  #mapping(indent: number, depth: number): Yaml {
    const entries = new Map<string, Yaml>();
    for (let line = this.#lines[this.#at]; line !== undefined; line = this.#lines[this.#at]) {
      const key = line.indent === indent ? keyOf(line.text) : null;
      if (key === null) break;
      this.#at++;
      const rest = line.text.slice(key.length).trim();
      if (rest !== "") {
        entries.set(key.name, scalar(rest));
      } else {
        const next = this.#lines[this.#at];
        const isList = next !== undefined && next.indent === indent && /^-(?: |$)/.test(next.text);
        entries.set(key.name, isList ? this.#sequence(indent, depth + 1) : this.value(indent + 1, depth + 1));
      }
      this.#skipDeeper(indent);
    }
    return entries;
  }

  /** Lines that belong to no value that was understood. */
  #skipDeeper(indent: number): void {
    for (let line = this.#lines[this.#at]; line !== undefined && line.indent > indent; line = this.#lines[this.#at])
      this.#at++;
  }
}

/** The key at the beginning of a line, and how many characters it takes with its colon. */
function keyOf(text: string): { readonly name: string; readonly length: number } | null {
  const found = /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'#:[{&*!|>-][^:]*|[^\s"'#:[{&*!|>]):(?=\s|$)/.exec(text);
  return found === null ? null : { name: unquoted(found[1] as string), length: found[0].length };
}

function scalar(text: string): Yaml {
  if (text === "null" || text === "~" || text === "{}" || /^[|>][+-]?\d?$/.test(text))
    return text === "{}" ? new Map() : text.length > 1 ? null : "";
  if (text === "[]") return [];
  return unquoted(text.startsWith('"') || text.startsWith("'") ? text : text.replace(/\s+#.*$/, ""));
}

function unquoted(text: string): string {
  if (text.startsWith("'") && text.endsWith("'") && text.length > 1) return text.slice(1, -1).replaceAll("''", "'");
  if (!text.startsWith('"')) return text;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" ? value : text;
  } catch {
    return text;
  }
}
