import { invariant } from "../../../grammar/invariant.ts";
import { TEXT_AT, takeMemoryOf } from "../../../grammar/text-memory.ts";
import { instantiate, type Memory, newMemory } from "../../../grammar/web-assembly.ts";
import { nativeCode } from "../native-code.ts";
import { roleNumber } from "../read/chain-roles.ts";
import type { ClaimedRules } from "../read/claimed-rules.ts";

/** What src/kubernetes/native exports; places are bytes in memory. */
interface Exports {
  beginRoom(at: number): void;
  hasRoom(bytes: number): boolean | number;
  room(bytes: number): number;
  ownEnd(): number;
  beginText(at: number): void;
  beginRules(nodes: number, chains: number, targets: number, next: number, values: number): void;
  beginForms(forms: number, kinds: number): void;
  beginChains(first: number, roles: number, sepRole: number, markRole: number): void;
  beginNames(starts: number, lengths: number): void;
  beginEndpoints(chainCount: number): void;
  ownerAt(): number;
  isSound(rule: number, dnat: number): number;
  areNamed(rule: number, length: number): boolean | number;
  beginPorts(count: number, chainCount: number): number;
  soundAt(): number;
  nextModel(): number;
  keepModel(port: number): boolean | number;
  prove(from: number): number;
  proveNames(from: number): void;
  nextUnproven(from: number): number;
  nextNodePortOutside(from: number, low: number, high: number): number;
  nextAddress(from: number, network: number, mask: number): number;
  nextName(from: number, start: number, end: number): number;
  gatherNames(): void;
  hasName(from: number, to: number, kind: number): boolean | number;
  serviceNameCount(): number;
  portNameCount(): number;
  beginDestinations(salt: number): void;
  addDestination(from: number, to: number, port: number, protocol: number): void;
  areDistinct(): boolean | number;
}

/** With the memory that it works in. */
export interface ProofCode extends Exports {
  readonly memory: Memory;
}

const LF = 10;

/** More bytes than are put into memory for a chain: its role, and what is found out of an endpoint. */
const FOR_CHAIN = 32;
/** For the few things that are there once, and for what is left free between others. */
const FOR_THE_REST = 1 << 12;

/** An instance that holds the text and the columns of its rules and chains; `kinds` of its forms. */
export function proofCodeFor(rules: ClaimedRules, kinds: Uint8Array): ProofCode {
  const { store } = rules.ruleset;
  const { columns, bytes } = store;
  const { ruleNode, ruleChain, ruleTarget, ruleNext, ruleValue, chainFirst } = columns;
  const { starts, lengths } = store.names;
  const { shapeIds } = store.ast;
  const all = [ruleNode, ruleChain, ruleTarget, ruleNext, ruleValue, chainFirst, starts, lengths, shapeIds, kinds];
  const elsewhere = all.filter(({ buffer }) => buffer !== bytes.buffer);
  const copies = elsewhere.reduce((sum, { byteLength }) => sum + byteLength + 16, 0);
  const shared = takeMemoryOf(bytes, copies + FOR_CHAIN * store.chainCount + FOR_THE_REST);
  const memory = shared?.memory ?? newMemory(1);
  const code: ProofCode = { ...(instantiate(nativeCode, memory) as Exports), memory };
  invariant(code.ownEnd() <= TEXT_AT, "compiled code has no room for its data before the text");
  code.beginRoom(shared?.free ?? TEXT_AT);
  const text = shared === null ? put(code, bytes, 1) : TEXT_AT;
  code.beginText(text);
  new Uint8Array(memory.buffer)[text + bytes.length] = LF;
  code.beginRules(
    put(code, ruleNode),
    put(code, ruleChain),
    put(code, ruleTarget),
    put(code, ruleNext),
    put(code, ruleValue),
  );
  code.beginForms(put(code, shapeIds), put(code, kinds));
  code.beginNames(put(code, starts), put(code, lengths));
  code.beginChains(put(code, chainFirst), put(code, rules.roles), roleNumber("sep"), roleNumber("nat KUBE-MARK-MASQ"));
  code.beginEndpoints(store.chainCount);
  return code;
}

/** Copies a column into the memory of the instance, with so much room behind it, unless it is there; the place. */
function put(code: ProofCode, column: Uint8Array | Int8Array | Int32Array, room = 0): number {
  if (column.buffer === code.memory.buffer) return column.byteOffset;
  const at = code.room(column.byteLength + room);
  new Uint8Array(code.memory.buffer).set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at);
  return at;
}
