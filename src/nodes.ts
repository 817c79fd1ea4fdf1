import { readHeader } from "../grammar/block.ts";
import { byteString } from "../grammar/bytes.ts";

/** One text with its name, unpacked. */
export interface DumpText {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Texts that describe one node. */
export interface NodeTexts {
  readonly name: string;
  readonly texts: readonly DumpText[];
}

/**
 * Puts the texts of one node together: those that the user put together, and those of one folder where each is another capture of it
 * (IPv4 and IPv6, legacy and nft). Every other text is a node of its own.
 * @param named - files by the node they belong to
 */
export function groupByNode(
  texts: readonly DumpText[],
  named: readonly { readonly name: string; readonly files: readonly string[] }[] = [],
): NodeTexts[] {
  const nameOf = new Map(named.flatMap(({ name, files }) => files.map((file) => [file, name] as const)));
  const folders = new Map<string, DumpText[]>();
  for (const text of texts) {
    if (!nameOf.has(text.name)) push(folders, folderOf(text.name), text);
  }
  const nodes = new Map<string, DumpText[]>();
  for (const text of texts) {
    const name = nameOf.get(text.name);
    const beside = folders.get(folderOf(text.name)) ?? [];
    if (name !== undefined) push(nodes, name, text);
    else if (beside.length > 1 && areOneNode(beside)) push(nodes, nameOfFolder(text.name, beside), text);
    else push(nodes, text.name, text);
  }
  return Array.from(nodes, ([name, members]) => ({ name, texts: members }));
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function folderOf(name: string): string {
  return name.slice(0, name.lastIndexOf("/") + 1);
}

function nameOfFolder(name: string, texts: readonly DumpText[]): string {
  return folderOf(name).replace(/(?!^)\/$/, "") || texts.map((text) => text.name).join(" and ");
}

/**
 * Whether no two of the texts are captures of the same kind, and every one shows its kind. Two nodes may well differ in their back
 * ends: texts of both are one node's only where their names speak of it.
 */
function areOneNode(texts: readonly DumpText[]): boolean {
  const seen = new Set<string>();
  const backends = new Set<string | undefined>();
  for (const { bytes } of texts) {
    const kinds = kindsOf(bytes);
    if (kinds.size === 0) return false;
    for (const kind of kinds) {
      if (seen.has(kind)) return false;
      seen.add(kind);
      backends.add(kind.split(" ")[1]);
    }
  }
  return backends.size === 1 || texts.some(({ name }) => /legacy|nft/.test(name.slice(name.lastIndexOf("/") + 1)));
}

/** IP versions and back ends that the text's headers name. */
function kindsOf(bytes: Uint8Array): Set<string> {
  const kinds = new Set<string>();
  for (let at = bytes.indexOf(0x23); at >= 0; at = bytes.indexOf(0x23, at + 1)) {
    if (at > 0 && bytes[at - 1] !== 0x0a) continue;
    const header = readHeader(byteString(bytes, at, Math.min(bytes.length, at + 100)));
    if (header?.family != null) kinds.add(`${header.family} ${header.backend}`);
  }
  return kinds;
}
