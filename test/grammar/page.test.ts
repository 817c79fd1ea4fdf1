import { expect, test } from "vitest";
import { grammarPage, railroad } from "../helpers/grammar-page.ts";

test("grammar/README.md says what the parser does", async () => {
  await expect(grammarPage()).toMatchFileSnapshot("../../grammar/README.md");
});

test("the picture shows the grammar", async () => {
  await expect(railroad()).toMatchFileSnapshot("../../grammar/railroad.svg");
});
