import { printAddress, readAddress } from "../../grammar/values/address.ts";
import type { Family } from "../../grammar/vocabulary/record.ts";
import { RequestError } from "./request-error.ts";

/** What `iptlint explain` was asked about. Names are byte strings. */
export type Subject =
  | { readonly kind: "port"; readonly port: number; readonly protocol: string | null }
  | {
      readonly kind: "address";
      /** In the spelling of iptables-save. */
      readonly ip: string;
      readonly family: Family;
      readonly bits: bigint;
      readonly port: number | null;
      readonly protocol: string | null;
    }
  | { readonly kind: "service"; readonly name: string }
  /** A chain, or a Service in whatever namespace. */
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "line"; readonly line: number };

/** How a subject reads, a form each. */
const subjectForms =
  "30080, 30080/udp, 10.96.0.10, 10.96.0.10:80, namespace/name, namespace/name:port, name, KUBE-SVC-…, 10.244.1.5:80 or line:42";

/**
 * Reads what was asked.
 * @throws {RequestError} when it cannot be anything
 */
export function readSubject(text: string): Subject {
  const subject = tryToRead(text);
  if (subject === null) throw new RequestError(`${text} cannot be explained; ask for ${subjectForms}`);
  return subject;
}

function tryToRead(text: string): Subject | null {
  const line = /^line:(\d{1,9})$/i.exec(text);
  if (line !== null) return { kind: "line", line: Number(line[1]) };
  const port = /^(\d{1,5})(?:\/(tcp|udp|sctp|dccp|udplite))?$/i.exec(text);
  if (port !== null) {
    return Number(port[1]) > 65535 ? null : { kind: "port", port: Number(port[1]), protocol: protocolOf(port[2]) };
  }
  const address = readAddressSubject(text);
  if (address !== null) return address;
  // names of Services and chains may hold digits, but not begin with them alone
  if (/^[\d.:]+(?:\/|$)/.test(text)) return null;
  if (/^[^/\s]+\/[^/\s]+$/.test(text)) return { kind: "service", name: text };
  return /^[^/\s]+$/.test(text) ? { kind: "name", name: text } : null;
}

function readAddressSubject(text: string): Subject | null {
  const found =
    /^\[([0-9a-f:.]+)\](?::(\d{1,5})(?:\/(tcp|udp|sctp))?)?$/i.exec(text) ??
    /^(\d+\.\d+\.\d+\.\d+)(?::(\d{1,5})(?:\/(tcp|udp|sctp))?)?(?:\/32)?$/i.exec(text) ??
    /^([0-9a-f:.]*:[0-9a-f:.]*)(?:\/128)?$/i.exec(text);
  if (found === null) return null;
  const address = readAddress(found[1] ?? "", { family: null });
  const port = found[2] === undefined || found[2] === "" ? null : Number(found[2]);
  if (address === null || (port !== null && port > 65535)) return null;
  const { family, bits } = address;
  return { kind: "address", ip: printAddress(address), family, bits, port, protocol: protocolOf(found[3]) };
}

function protocolOf(text: string | undefined): string | null {
  return text === undefined ? null : text.toLowerCase();
}
