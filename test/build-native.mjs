// Compiles what is written in AssemblyScript and writes it where it is loaded from: native-code.ts beside the folder of its sources.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { main } from "assemblyscript/asc";

const root = fileURLToPath(new URL("..", import.meta.url));

/** With flags of their own: proofs may be given the memory in which the text is, and hash four messages at a time. */
const folders = { grammar: [], "src/kubernetes": ["--importMemory", "--enable", "simd"] };

/** Writes the files that are not there or no longer what their sources say; Vitest calls it before all tests. */
export default async function buildNative() {
  for (const [folder, flags] of Object.entries(folders)) await compile(folder, flags);
}

async function compile(folder, own) {
  let code;
  const flags = [
    "--runtime",
    "stub",
    "--optimizeLevel",
    "3",
    "--shrinkLevel",
    "0",
    "--noAssert",
    "--use",
    "abort=",
    ...own,
  ];
  const entry = `${folder}/native/index.ts`;
  const { error, stderr } = await main([entry, "--baseDir", root, ...flags, "--outFile", "code.wasm"], {
    writeFile: (_name, contents) => {
      code = contents;
    },
  });
  if (error !== null) throw new Error(`${entry} does not compile:\n${stderr}`);
  const text = `// Made by test/build-native.mjs from ${folder}/native; not to be edited.

/** A WebAssembly module in base64. */
export const nativeCode =
  "${Buffer.from(code).toString("base64")}";
`;
  const path = `${root}${folder}/native-code.ts`;
  if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
}
