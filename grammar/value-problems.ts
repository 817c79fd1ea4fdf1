import type { Block } from "./block.ts";
import type { LineReader } from "./line-reader.ts";
import type { ProblemList } from "./problem-list.ts";
import type { Shape, ShapeOption } from "./shape.ts";
import type { Codec } from "./values/codec.ts";

/** iptables-restore reads words into a buffer of 1,024 bytes (xshared.h). */
const LONGEST_WORD = 1023;

/** What people put where they took a value out: `<private_ip>`, `XX:XX:XX:XX:XX:XX`, `{{ var }}`, `${VAR}`, `x.x.x.x`. */
const PLACEHOLDER =
  /^(?:<.{0,80}>|\{\{.{0,80}|\$\{?\w{1,80}\}?|[Xx*]{1,4}(?:[.:][Xx*]{1,4})+(?:\/[\dXx*]{1,3})?(?::\d{1,5})?|REDACTED|\.{3})$/;

interface Value {
  readonly word: number;
  readonly option: ShapeOption;
  readonly codec: Codec<unknown>;
}

/** Asks the codec of every value of a line whether iptables would take it; says at most one problem per line. */
export class ValueProblems {
  readonly #reader: LineReader;
  readonly #list: ProblemList;
  readonly #values: (readonly Value[] | undefined)[] = [];

  constructor(reader: LineReader, list: ProblemList) {
    this.#reader = reader;
    this.#list = list;
  }

  check(node: number, block: Block | null): void {
    const { scanner, bytes, shape } = this.#reader;
    const family = block?.header?.family ?? null;
    for (const { word, option, codec } of this.#valuesOf(shape)) {
      const offset = scanner.spans[word << 1] as number;
      const end = scanner.spans[(word << 1) + 1] as number;
      if (codec.accepts?.(bytes, offset, end, family) === true) continue;
      const text = scanner.text(offset, end);
      const result = codec.parse(text, { family });
      if ("value" in result || result.needsHost === true) continue;
      this.#refused(node, option, offset, end - offset, text, result.expected);
      return;
    }
  }

  #refused(node: number, option: ShapeOption, offset: number, length: number, text: string, expected: string): void {
    if (length <= LONGEST_WORD && PLACEHOLDER.test(text)) {
      this.#list.once(
        "placeholder",
        node,
        { checkId: "placeholder", severity: "info", offset, length, expected },
        (count) =>
          `${count === 1 ? "a placeholder stands" : `placeholders stand in ${count} rules`} where a value was taken out; what such a rule matches is not shown`,
      );
      return;
    }
    const flag = option.record?.flag ?? "";
    const message =
      length > LONGEST_WORD
        ? `a word of ${length} bytes; iptables-restore refuses this`
        : `${flag} cannot be "${text.slice(0, 80)}"; iptables-restore refuses this`;
    this.#list.add(node, { checkId: "invalid-value", severity: "error", offset, length, message, expected });
  }

  #valuesOf(shape: Shape): readonly Value[] {
    const known = shape.id >= 0 ? this.#values[shape.id] : undefined;
    if (known !== undefined) return known;
    const values: Value[] = [];
    for (const option of shape.options)
      option.valueWords.forEach((word, k) => {
        const codec = option.record?.codecs[k];
        if (codec !== undefined) values.push({ word, option, codec });
      });
    if (shape.id >= 0) this.#values[shape.id] = values;
    return values;
  }
}
