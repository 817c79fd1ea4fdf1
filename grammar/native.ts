import { nativeCode } from "./native-code.ts";

/** What grammar/native exports; places are bytes from the window's first one on. */
export interface Native {
  readonly memory: { readonly buffer: ArrayBuffer };
  reset(slots: number, salt: number): void;
  room(bytes: number): number;
  enter(table: number, surroundings: number, family: number): void;
  read(from: number, to: number, base: number, node: number): number;
  chainsAre(form: number): void;
  extension(from: number, to: number): void;
  begin(): void;
  word(kind: number, type: number, weight: number, from: number, to: number): void;
  end(form: number, chainWord: number, targetWord: number, valueWord: number): void;
  learn(at: number): boolean | number;
  intern(table: number, from: number, to: number, start: number): number;
  nextOffset(): number;
  ruleCount(): number;
  chainCount(): number;
  nameCount(): number;
  slotCount(): number;
  column(number: number): number;
}

/** Node has what takes a tenth of the time of a loop that runs once. */
function decoded(): Uint8Array {
  if (typeof Buffer !== "undefined") return Buffer.from(nativeCode, "base64");
  const text = atob(nativeCode);
  const code = new Uint8Array(text.length);
  for (let i = 0; i < code.length; i++) code[i] = text.charCodeAt(i);
  return code;
}

// the types of neither Node nor browsers are there, and both have these
declare const Buffer: { from(text: string, encoding: "base64"): Uint8Array } | undefined;
declare const atob: (text: string) => string;
declare const WebAssembly: {
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

let native: Native | undefined;

/** The one instance: whoever reads a text resets it, and nobody else reads meanwhile. */
export function loadNative(): Native {
  if (native === undefined) {
    native = new WebAssembly.Instance(new WebAssembly.Module(decoded())).exports as Native;
  }
  return native;
}
