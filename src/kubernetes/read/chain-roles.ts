import { byteString } from "../../../grammar/bytes.ts";
import { type ChainId, NONE, type Ruleset } from "../../netfilter/ruleset.ts";
import type { Table, TableName } from "../../netfilter/table.ts";
import { hashedChainName, hashedRoleAt } from "../chain-name.ts";
import { type Role, roles } from "../templates/slot.ts";

const roleNumbers: ReadonlyMap<string, number> = new Map(roles.map((role, index) => [role, index]));
const isShared: readonly boolean[] = roles.map((role) => role.includes(" "));

/** Number of a role, by which tables of roles are indexed. */
export const roleNumber = (role: Role): number => roleNumbers.get(role) as number;

const SEP = roleNumber("sep");

/** With which the names of all roles begin: `nat KUBE-SERVICES`, `KUBE-FW-`. */
const firstLetters: ReadonlySet<number> = new Set(roles.map((role) => (role.split(" ")[1] ?? "K").charCodeAt(0)));

/** Letters of the longest name that is a role's, and of `KUBE-FW-` with its hash. */
const LONGEST_NAME = 24;

const NO_CHAINS: readonly ChainId[] = [];

/** What kube-proxy has the chains of a ruleset for, by their names. */
export class ChainRoles {
  readonly #ruleset: Ruleset;
  /** Role number by chain, `NONE` for chains of others. */
  readonly roles: Int8Array;
  /** Chains that all Services share, in the order of the text. */
  readonly shared: ChainId[] = [];
  /** Chains that belong to single Services and endpoints, and those of Services among them. */
  readonly ofServices: Int32Array;
  readonly ofServicePorts: Int32Array;
  /** All chains but those of single Services. */
  readonly #others: ChainId[] = [];
  #othersByTable: ReadonlyMap<number, readonly ChainId[]> | undefined;

  constructor(ruleset: Ruleset) {
    const { store } = ruleset;
    const { chainTable } = store.columns;
    const { starts, lengths } = store.names;
    this.#ruleset = ruleset;
    this.roles = new Int8Array(chainTable.length).fill(NONE);
    const [service, port] = [new Int32Array(chainTable.length), new Int32Array(chainTable.length)];
    let [services, ports] = [0, 0];
    const names: (TableName | undefined)[] = [];
    for (const { index, name } of ruleset.tables) names[index] = name;
    for (let chain = 0; chain < chainTable.length; chain++) {
      const table = names[chainTable[chain] as number];
      const start = starts[chain] as number;
      const role =
        table === undefined ? undefined : roleAt(store.bytes, start, start + (lengths[chain] as number), table);
      if (role !== undefined) this.roles[chain] = role;
      if (role === undefined || isShared[role] === true) {
        this.#others.push(chain);
        if (role !== undefined) this.shared.push(chain);
        continue;
      }
      service[services++] = chain;
      if (role !== SEP) port[ports++] = chain;
    }
    this.ofServices = service.subarray(0, services);
    this.ofServicePorts = port.subarray(0, ports);
  }

  role(chain: ChainId): Role | null {
    return chain === NONE ? null : (roles[this.roles[chain] as number] ?? null);
  }

  /** Whether the chain belongs to a single Service or endpoint. */
  isOfService(chain: ChainId): boolean {
    const role = this.roles[chain] as number;
    return role !== NONE && isShared[role] !== true;
  }

  /** Chains with a role, in the order of the text. */
  get all(): Int32Array {
    const found = new Int32Array(this.roles.length);
    let count = 0;
    for (let chain = 0; chain < this.roles.length; chain++) if (this.roles[chain] !== NONE) found[count++] = chain;
    return found.subarray(0, count);
  }

  /** The table's declared chains that belong to no single Service, as they are declared: few, even on a large node. */
  others({ index }: Table): readonly ChainId[] {
    this.#othersByTable ??= this.#partOthers();
    return this.#othersByTable.get(index) ?? NO_CHAINS;
  }

  #partOthers(): Map<number, ChainId[]> {
    const { store } = this.#ruleset;
    const { chainTable } = store.columns;
    const byTable = new Map<number, ChainId[]>();
    const declared = this.#others.filter((chain) => store.isDeclared(chain));
    const isInOrder = (chain: ChainId, i: number): boolean =>
      i === 0 || store.declaration(chain) > store.declaration(declared[i - 1] as ChainId);
    // a rule may name a chain before it is declared
    if (!declared.every(isInOrder)) declared.sort((a, b) => store.declaration(a) - store.declaration(b));
    for (const chain of declared) {
      const table = chainTable[chain] as number;
      const known = byTable.get(table);
      if (known === undefined) byTable.set(table, [chain]);
      else known.push(chain);
    }
    return byTable;
  }
}

/** Number of the role of a chain whose name stands there. */
function roleAt(bytes: Uint8Array, start: number, end: number, table: TableName): number | undefined {
  const quick = table === "nat" ? hashedRoleAt(bytes, start, end) : null;
  if (quick === "sep") return SEP;
  if (quick != null) return roleNumbers.get(quick);
  if (end - start > LONGEST_NAME || !firstLetters.has(bytes[start] as number)) return undefined;
  const name = byteString(bytes, start, end);
  const hashed = quick === undefined ? hashedChainName(name) : null;
  return roleNumbers.get(hashed?.role ?? `${table} ${name}`);
}
