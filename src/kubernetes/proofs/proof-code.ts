import { instantiate, type Memory } from "../../../grammar/web-assembly.ts";
import { nativeCode } from "../native-code.ts";
import { type ClaimedRules, roleNumber } from "../read/claimed-rules.ts";

/** What src/kubernetes/native exports; places are bytes in memory. */
export interface ProofCode {
  readonly memory: Memory;
  room(bytes: number): number;
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
  beginDestinations(salt: number): void;
  addDestination(from: number, to: number, port: number, protocol: number): void;
  areDistinct(): boolean | number;
}

const LF = 10;

/** An instance that holds the text and the columns of its rules and chains; `kinds` of its forms. */
export function proofCodeFor(rules: ClaimedRules, kinds: Uint8Array): ProofCode {
  const { store } = rules.ruleset;
  const { columns } = store;
  const code = instantiate(nativeCode) as ProofCode;
  const text = put(code, store.bytes, 1);
  code.beginText(text);
  new Uint8Array(code.memory.buffer)[text + store.bytes.length] = LF;
  code.beginRules(
    put(code, columns.ruleNode),
    put(code, columns.ruleChain),
    put(code, columns.ruleTarget),
    put(code, columns.ruleNext),
    put(code, columns.ruleValue),
  );
  code.beginForms(put(code, store.ast.shapeIds), put(code, kinds));
  code.beginNames(put(code, store.names.starts), put(code, store.names.lengths));
  code.beginChains(
    put(code, columns.chainFirst),
    put(code, rules.roles),
    roleNumber("sep"),
    roleNumber("nat KUBE-MARK-MASQ"),
  );
  code.beginEndpoints(store.chainCount);
  return code;
}

/** Copies a column into the memory of the instance, with so much room behind it; the place. */
function put(code: ProofCode, column: Uint8Array | Int8Array | Int32Array, room = 0): number {
  const at = code.room(column.byteLength + room);
  new Uint8Array(code.memory.buffer).set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at);
  return at;
}
