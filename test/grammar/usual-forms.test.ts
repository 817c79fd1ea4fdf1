import { expect, test } from "vitest";
import { parseItem, parseWords } from "../../grammar/parser.ts";
import { usualItems, usualLines } from "../../grammar/usual-forms.ts";

test.each(usualItems)("Chevrotain makes the same item of %j", (roles, item) => {
  const words = roles.map((role) => ({ role }));
  expect(parseItem(words)).toEqual(item);
  // behind another item, too
  const line = parseWords([{ role: "Flag0" }, ...words], words.length + 1);
  expect(line).toMatchObject({ kind: "rule", items: [{ word: 0 }, { kind: item.kind, word: item.word + 1 }] });
});

test.each(usualLines)("Chevrotain makes the same line of %j", (roles, line) => {
  expect(
    parseWords(
      roles.map((role) => ({ role })),
      roles.length,
    ),
  ).toEqual(line);
});
