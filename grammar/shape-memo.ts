import type { Keyword } from "./keyword.ts";
import { itemsOf, type Outline, ruleOutline } from "./outline.ts";
import type { ParsedLine } from "./parsed.ts";
import type { Scanner } from "./scanner.ts";
import type { Shape } from "./shape.ts";
import { shapeOf } from "./shape-of.ts";
import { keyOfRoles, usualLines } from "./usual-forms.ts";

/** A dump has a few dozen shapes; one that has more than this gains nothing from keeping more. */
export const MOST_SHAPES = 1024;

interface Entry {
  readonly words: readonly Keyword[];
  readonly shape: Shape;
  readonly other: Entry | undefined;
}

/** Shapes by the keywords of their lines: Chevrotain parses each sequence once. When full it
 * stops adding. */
export class ShapeMemo {
  readonly shapes: Shape[] = [];
  /** The keywords of each shape's lines. */
  readonly words: (readonly Keyword[])[] = [];
  readonly #entries = new Map<number, Entry>();
  readonly #most: number;

  /** `most`: 0 has Chevrotain parse every line. */
  constructor(most: number) {
    this.#most = most;
  }

  /** There may be more shapes than are kept. */
  get isFull(): boolean {
    return this.shapes.length >= this.#most;
  }

  /** The line that the scanner holds: its shape where it is kept or can be, else what is needed of it at once. */
  outline(scanner: Scanner): Outline {
    const { words, count, hash, plain } = scanner;
    if (this.#most === 0) return shapeOf(words, count, plain, -1);
    const first = this.#entries.get(hash);
    for (let entry = first; entry !== undefined; entry = entry.other)
      if (entry.shape.words === count && entry.shape.plain === plain && same(entry.words, words, count))
        return entry.shape;
    const usual = usualLine(scanner);
    // of these there are four, so they are kept even then
    if (usual === null && this.shapes.length >= this.#most)
      return ruleOutline(scanner) ?? shapeOf(words, count, plain, -1);
    const shape = shapeOf(words, count, plain, this.shapes.length, usual ?? parsedOf(scanner));
    this.shapes.push(shape);
    const kept = words.slice(0, count);
    this.words.push(kept);
    this.#entries.set(hash, { words: kept, shape, other: first });
    return shape;
  }
}

const lines = new Map(usualLines.map(([roles, line]) => [keyOfRoles(roles), line]));
const longestLine = Math.max(...usualLines.map(([roles]) => roles.length));

/** What Chevrotain makes of a line that nearly every text has; `null`: it is another one. */
function usualLine({ words, count }: Scanner): ParsedLine | null {
  if (count > longestLine) return null;
  return lines.get(keyOfRoles(words.slice(0, count).map(({ role }) => role))) ?? null;
}

/** The same of a rule, put together from what it made of its items before; `null`: it is to be asked. */
function parsedOf(scanner: Scanner): ParsedLine | null {
  const { words, count } = scanner;
  const outline = ruleOutline(scanner);
  if (outline === null) return null;
  const counters = outline.countersWord;
  return { kind: "rule", counters, items: itemsOf(words, count, counters + 1) };
}

function same(known: readonly Keyword[], words: readonly Keyword[], count: number): boolean {
  for (let k = 0; k < count; k++) if (known[k] !== words[k]) return false;
  return true;
}
