import { nativeCode } from "./native-code.ts";
import { instantiate, type Memory } from "./web-assembly.ts";

/** What grammar/native exports; places are bytes from the window's first one on. */
export interface Native {
  readonly memory: Memory;
  reset(slots: number, salt: number): void;
  room(bytes: number): number;
  enter(table: number, surroundings: number, family: number, isNft: boolean): void;
  read(from: number, to: number, base: number, node: number): number;
  chainsAre(form: number): void;
  extension(from: number, to: number): void;
  begin(): void;
  word(kind: number, type: number, weight: number, from: number, to: number): void;
  end(form: number, chainWord: number, targetWord: number, valueWord: number): void;
  learn(at: number, withValues: boolean): boolean | number;
  valueIsRight(doubt: number): void;
  doubtCount(): number;
  open(): void;
  describe(
    id: number,
    expects: number,
    values: number,
    role: number,
    extension: number,
    weight: number,
    nftWeight: number,
    firstType: number,
    secondType: number,
    mentioned: number,
    option: number,
    target: number,
  ): void;
  wordIs(k: number, id: number, from: number, to: number): void;
  learnWords(count: number): boolean | number;
  keywordTotal(): number;
  intern(table: number, from: number, to: number, start: number): number;
  nextOffset(): number;
  stuck(): boolean | number;
  ruleCount(): number;
  chainCount(): number;
  nameCount(): number;
  slotCount(): number;
  column(number: number): number;
}

let native: Native | undefined;

/** The one instance: whoever reads a text resets it, and nobody else reads meanwhile. */
export function loadNative(): Native {
  if (native === undefined) {
    native = instantiate(nativeCode) as Native;
  }
  return native;
}
