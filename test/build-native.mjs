// Compiles grammar/native to WebAssembly and writes it where the grammar loads it from: grammar/native-code.ts.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { main } from "assemblyscript/asc";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Writes the file if it is not there or no longer what the sources say; Vitest calls it before all tests. */
export default async function buildNative() {
  let code;
  const flags = ["--runtime", "stub", "--optimizeLevel", "3", "--shrinkLevel", "0", "--noAssert", "--use", "abort="];
  const { error, stderr } = await main(
    ["grammar/native/index.ts", "--baseDir", root, ...flags, "--outFile", "code.wasm"],
    {
      writeFile: (_name, contents) => {
        code = contents;
      },
    },
  );
  if (error !== null) throw new Error(`grammar/native does not compile:\n${stderr}`);
  const text = `// Made by test/build-native.mjs from grammar/native; not to be edited.

/** A WebAssembly module in base64. */
export const nativeCode =
  "${Buffer.from(code).toString("base64")}";
`;
  const path = `${root}grammar/native-code.ts`;
  if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
}
