import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { areDumps, commandNames, presets } from "../../src/cli/plain.ts";
import { createProgram } from "../../src/cli/program.ts";

const program = () => createProgram({} as never, () => {});

test("the names of commands are those that the program has", () => {
  const names = program().commands.flatMap((command) => [command.name(), ...command.aliases()]);
  expect([...commandNames].sort()).toEqual(names.sort());
});

test("without options they are what the program presets", () => {
  const made = program();
  made.parseOptions(["dump.txt"]);
  expect(made.opts()).toEqual(presets);
});

describe("what is taken for dumps without asking the program", () => {
  test("names no command where it could be one, and no option", () => {
    const word = fc.constantFrom("a.txt", "-", "", "ast.txt", "help", "-V", "--help", "--quiet", "--", ...commandNames);
    fc.assert(
      fc.property(fc.array(word, { maxLength: 3 }), (argv) => {
        const isCommand = program().commands.some((command) => command.name() === argv[0]);
        const hasOption = argv.some((arg) => /^-./.test(arg));
        expect(areDumps(argv)).toBe(!isCommand && !hasOption);
      }),
    );
  });
});
