/** How many words a command takes: at least, and at most. iptables(8), "COMMANDS". */
export interface CommandRecord {
  readonly name: string;
  readonly flags: readonly string[];
  readonly least: 0 | 1 | 2;
  readonly most: 0 | 1 | 2;
}

/** Every command of iptables(8); iptables-save prints `-A` alone, `iptables -S` also `-P` and `-N`. */
export const commands: readonly CommandRecord[] = [
  { name: "append", flags: ["-A", "--append"], least: 1, most: 1 },
  { name: "insert", flags: ["-I", "--insert"], least: 1, most: 2 },
  { name: "delete", flags: ["-D", "--delete"], least: 1, most: 2 },
  { name: "replace", flags: ["-R", "--replace"], least: 2, most: 2 },
  { name: "check", flags: ["-C", "--check"], least: 1, most: 1 },
  { name: "new-chain", flags: ["-N", "--new-chain", "--new"], least: 1, most: 1 },
  { name: "delete-chain", flags: ["-X", "--delete-chain"], least: 0, most: 1 },
  { name: "policy", flags: ["-P", "--policy"], least: 2, most: 2 },
  { name: "rename-chain", flags: ["-E", "--rename-chain"], least: 2, most: 2 },
  { name: "flush", flags: ["-F", "--flush"], least: 0, most: 1 },
  { name: "zero", flags: ["-Z", "--zero"], least: 0, most: 2 },
  { name: "list", flags: ["-L", "--list"], least: 0, most: 2 },
  { name: "list-rules", flags: ["-S", "--list-rules"], least: 0, most: 2 },
];
