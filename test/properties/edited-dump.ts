import fc from "fast-check";

/** One edit of a text, at a place given as a fraction of its length. */
type Edit = (text: string, at: number, more: number) => string;

const lineAt = (text: string, at: number): { start: number; end: number } => {
  const start = text.lastIndexOf("\n", at - 1) + 1;
  const feed = text.indexOf("\n", at);
  return { start, end: feed < 0 ? text.length : feed + 1 };
};

const splice = (text: string, from: number, count: number, piece: string): string =>
  text.slice(0, from) + piece + text.slice(from + count);

const pieces = [
  ...'"\\!#\r\t \n\0\xff\xc3',
  "\xef\xbb\xbf",
  '"\n',
  '\n"',
  ' "a b" ',
  " ! ",
  " -m comment --comment ",
  " --dport=80 ",
  "\r\n",
  "COMMIT\n",
  "*nat\n",
  ":X - [0:0]\n",
  "[1:2] ",
  "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n",
  "...\n",
];

const edits: Readonly<Record<string, Edit>> = {
  insert: (text, at, more) => splice(text, at, 0, pieces[more % pieces.length] as string),
  delete: (text, at, more) => splice(text, at, 1 + (more % 9), ""),
  flip: (text, at, more) => splice(text, at, 1, String.fromCharCode((text.charCodeAt(at) || 0) ^ (1 << (more % 8)))),
  cut: (text, at) => text.slice(0, at),
  behead: (text, at) => text.slice(at),
  duplicateLine: (text, at) => {
    const { start, end } = lineAt(text, at);
    return splice(text, end, 0, text.slice(start, end));
  },
  dropLine: (text, at) => {
    const { start, end } = lineAt(text, at);
    return splice(text, start, end - start, "");
  },
  swapLines: (text, at) => {
    const first = lineAt(text, at);
    const second = lineAt(text, first.end);
    const swapped = text.slice(second.start, second.end) + text.slice(first.start, first.end);
    return second.start < first.end ? text : splice(text, first.start, second.end - first.start, swapped);
  },
  carriageReturns: (text, at) => text.slice(0, at) + text.slice(at).replaceAll("\n", "\r\n"),
  byteOrderMark: (text) => `\xef\xbb\xbf${text}`,
  quote: (text, at) => splice(text, at, 0, '"'),
  newlineInQuotes: (text, at) => text.replace(/"([^"\n]*) /, `"$1\n`).slice(0, Math.max(at, text.length)),
  longLine: (text, at, more) => splice(text, at, 0, "x".repeat(1000 + (more % 3) * 5000)),
  longWords: (text, at) => splice(text, at, 0, " -m comment --comment c".repeat(70)),
  indent: (text) => text.replaceAll("\n", "\n  "),
  noLastNewline: (text) => text.replace(/\n$/, ""),
  wrap: (text, at) => splice(text, at, 0, " ".repeat(100)),
};

const names = Object.keys(edits);

/** Pieces of the given texts after some edits. */
export function editedDumps(texts: readonly string[]): fc.Arbitrary<string> {
  return fc
    .record({
      text: fc.nat(texts.length - 1),
      from: fc.double({ min: 0, max: 1, noNaN: true }),
      lines: fc.integer({ min: 1, max: 40 }),
      edits: fc.array(
        fc.record({
          name: fc.constantFrom(...names),
          at: fc.double({ min: 0, max: 1, noNaN: true }),
          more: fc.nat(99),
        }),
        { minLength: 1, maxLength: 6 },
      ),
    })
    .map(({ text, from, lines, edits: chosen }) => {
      const whole = texts[text] as string;
      const start = lineAt(whole, Math.floor(from * whole.length)).start;
      let end = start;
      for (let line = 0; line < lines && end < whole.length; line++) end = lineAt(whole, end).end;
      let piece = whole.slice(start, end);
      for (const { name, at, more } of chosen)
        piece = (edits[name] as Edit)(piece, Math.floor(at * piece.length), more);
      return piece;
    });
}
