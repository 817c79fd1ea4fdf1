import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "vitest";

const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false });

/** Asserts that `value` is what the JSON Schema of that name in src/report/schema describes. */
export function expectSchema(name: string, value: unknown): void {
  const file = new URL(`../../src/report/schema/${name}.schema.json`, import.meta.url);
  const schema = JSON.parse(readFileSync(file, "utf8"));
  const validate = ajv.getSchema(schema.$id) ?? ajv.compile(schema);
  validate(value);
  expect(validate.errors ?? []).toEqual([]);
}
