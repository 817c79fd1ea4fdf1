// The least that a program in Node has to do: read the file and split it into words.
import { readFileSync } from "node:fs";

const bytes = readFileSync(process.argv[2]);
let words = 0;
for (let at = 0; at < bytes.length; ) {
  let end = bytes.indexOf(10, at);
  if (end < 0) end = bytes.length;
  words += bytes.latin1Slice(at, end).split(" ").length;
  at = end + 1;
}
console.log(words);
