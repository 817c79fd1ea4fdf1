import { eastAsianWidth } from "get-east-asian-width";

/** Columns that escaped text takes on a terminal. */
export function columnsOf(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let columns = 0;
  for (const character of text) {
    if (!/\p{M}/u.test(character)) columns += eastAsianWidth(character.codePointAt(0) as number);
  }
  return columns;
}

/** The longest prefix of escaped text that fits into `columns`; at least one character. */
export function takeColumns(text: string, columns: number): string {
  let taken = "";
  let width = 0;
  for (const character of text) {
    width += columnsOf(character);
    if (width > columns && taken !== "") break;
    taken += character;
  }
  return taken;
}

/** Pads escaped text with blanks to `columns`. */
export function pad(text: string, columns: number): string {
  return text.padEnd(columns - columnsOf(text) + text.length);
}

/**
 * Breaks escaped prose at blanks into lines of at most `width` columns; a longer word gets a line of its own.
 * @param hanging - blanks before every line but the first
 */
export function wrapProse(text: string, width: number, hanging = 0): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/ +/)) {
    if (line === "") line = word;
    else if (columnsOf(line) + 1 + columnsOf(word) <= width) line += ` ${word}`;
    else {
      lines.push(line);
      line = " ".repeat(hanging) + word;
    }
  }
  lines.push(line);
  return lines;
}
