import { mendTears, type Tear } from "./tear.ts";
import { unwrapped, type Wrap, wrappedOffset } from "./wrap.ts";

/** One text within a source: its bytes are `start` (included) to `end` (excluded). */
export interface SourceFile {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** The texts of one node, one after the other, so that one offset names one byte whichever file it came from. */
export class Source {
  /** As they were read, but for torn and wrapped lines, which are whole here. */
  readonly bytes: Uint8Array;
  /** The same with wrapped lines as they were read: the lines that people count. */
  readonly lines: Uint8Array;
  readonly files: readonly SourceFile[];
  readonly tears: readonly Tear[];
  /** In the order of the text. */
  readonly wraps: readonly Wrap[];

  private constructor(
    bytes: Uint8Array,
    lines: Uint8Array,
    files: readonly SourceFile[],
    tears: readonly Tear[],
    wraps: readonly Wrap[],
  ) {
    this.bytes = bytes;
    this.lines = lines;
    this.files = files;
    this.tears = tears;
    this.wraps = wraps;
  }

  static #read(bytes: Uint8Array, files: readonly SourceFile[]): Source {
    // a plain view: subarray() of Node's Buffer is several times slower
    const read = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    let mended = read;
    const own = (): Uint8Array => {
      if (mended === read) mended = read.slice();
      return mended;
    };
    const tears = files.flatMap(({ start, end }) => mendTears(read, start, end, own));
    return new Source(mended, mended, files, tears, []);
  }

  static of(bytes: Uint8Array, name = "<input>"): Source {
    return Source.#read(bytes, [{ name, start: 0, end: bytes.length }]);
  }

  static join(texts: readonly { readonly name: string; readonly bytes: Uint8Array }[]): Source {
    const only = texts[0];
    if (only !== undefined && texts.length === 1) return Source.of(only.bytes, only.name);
    const bytes = new Uint8Array(texts.reduce((total, text) => total + text.bytes.length, 0));
    const files: SourceFile[] = [];
    let start = 0;
    for (const text of texts) {
      bytes.set(text.bytes, start);
      files.push({ name: text.name, start, end: start + text.bytes.length });
      start += text.bytes.length;
    }
    return Source.#read(bytes, files);
  }

  /** The same text with wrapped lines put together. */
  unwrapped(wraps: readonly Wrap[]): Source {
    return new Source(unwrapped(this.lines, wraps), this.lines, this.files, this.tears, wraps);
  }

  /** Where a byte of `bytes` stands in `lines`. */
  lineOffset(offset: number): number {
    return this.wraps.length === 0 ? offset : wrappedOffset(this.wraps, offset);
  }

  /** The file that holds the byte at `offset`; an offset at the very end belongs to the last file. */
  fileAt(offset: number): SourceFile {
    let found = this.files[0] ?? { name: "<input>", start: 0, end: 0 };
    for (const file of this.files) if (file.start <= offset && file.end > file.start) found = file;
    return found;
  }
}
