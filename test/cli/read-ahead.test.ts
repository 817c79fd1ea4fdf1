import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { takeMemoryOf } from "../../grammar/text-memory.ts";
import { ReadAhead, SMALL } from "../../src/cli/read-ahead.ts";
import { systemIo } from "../../src/cli/system-io.ts";

const folder = mkdtempSync(join(tmpdir(), "iptlint-read-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, length: number): { path: string; content: Buffer } {
  const path = join(folder, name);
  const content = Buffer.from(Array.from({ length }, (_, k) => (k * 31 + (k >> 8)) & 255));
  writeFileSync(path, content);
  return { path, content };
}

test("a file is read ahead, byte by byte, to where proofs can take it, and handed over once", async () => {
  const { path, content } = file("large", SMALL + 12_345);
  const ahead = new ReadAhead(["explain", "30080", path]);
  await ahead.done;
  const bytes = ahead.take(path)!;
  expect(Buffer.compare(bytes, content)).toBe(0);
  expect(takeMemoryOf(bytes, 0)).not.toBeNull();
  expect(ahead.take(path)).toBeNull();
});

test("what is small, a folder, an option or not there is left alone", async () => {
  const { path } = file("small", SMALL);
  const paths = [path, folder, join(folder, "none"), "--color", "-", ""];
  const ahead = new ReadAhead(paths);
  await ahead.done;
  for (const each of paths) expect(ahead.take(each)).toBeNull();
});

test("a pipe is left to its reader: to open it would wait for its writer, and to close it would break it", async () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const ahead = new ReadAhead([pipe]);
  await ahead.done;
  expect(ahead.take(pipe)).toBeNull();
});

test("who does not wait reads the file himself", () => {
  const { path, content } = file("hasty", SMALL + 1);
  expect(Buffer.compare(systemIo([path]).read(path), content)).toBe(0);
});

test("a file that was read ahead and one that was not are told apart by nobody", async () => {
  const { path, content } = file("again", SMALL + 1);
  const io = systemIo([path]);
  await io.readAhead;
  expect(Buffer.compare(io.read(path), content)).toBe(0);
  expect(Buffer.compare(io.read(path), content)).toBe(0);
});
