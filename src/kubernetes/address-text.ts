/** Addresses as kube-proxy and iptables-save print them, taken apart as text: all of them are canonical already. */

/** The address of `10.0.0.1/32`, `fd00::1/128`, `10.0.0.1`; `null` for a network. */
export function hostOf(text: string): string | null {
  const slash = text.indexOf("/");
  if (slash < 0) return text;
  const prefix = text.slice(slash + 1);
  if (prefix !== (text.includes(":") ? "128" : "32")) return null;
  return text.slice(0, slash);
}

/** `10.0.0.1/32`, `fd00::1/128`: an address as `-s` and `-d` print it. */
export const hostPrefix = (ip: string): string => `${ip}/${ip.includes(":") ? 128 : 32}`;

/** Every address of a family: what `-s` and `-d` leave out when they are saved. */
export const everywhereOf = (family: 4 | 6 | null): string => (family === 6 ? "::/0" : "0.0.0.0/0");

export const isEverywhere = (range: string | null | undefined): boolean => range === "0.0.0.0/0" || range === "::/0";

/** `10.0.0.1:80` and `[fd00::1]:80` in two; `null` when a part is missing: `:0`, `10.0.0.1`. */
export function splitAddress(text: string): { readonly ip: string; readonly port: number } | null {
  const colon = text.lastIndexOf(":");
  const ip = text.startsWith("[") ? text.slice(1, colon - 1) : text.slice(0, colon);
  if (colon <= 0 || ip === "" || (text.startsWith("[") && text[colon - 1] !== "]")) return null;
  if (!text.startsWith("[") && ip.includes(":")) return null;
  const port = portNumber(text.slice(colon + 1));
  return port === null || port === 0 ? null : { ip, port };
}

/** `10.0.0.1:80`, `[fd00::1]:80`: net.JoinHostPort. */
export const joinAddress = (ip: string, port: number): string =>
  ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;

/** One port from 0 to 65535; `null` for a range, a name, or nothing. */
export function portNumber(text: string | null): number | null {
  if (text === null || text.length === 0 || text.length > 5) return null;
  let port = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return null;
    port = port * 10 + digit;
  }
  return port > 65535 ? null : port;
}

/** The port from 1 to 65535 that the bytes are; 0 for anything else. */
export function portAt(bytes: Uint8Array, start: number, end: number): number {
  if (start === end || end - start > 5) return 0;
  let port = 0;
  for (let i = start; i < end; i++) {
    const digit = (bytes[i] as number) - 48;
    if (digit < 0 || digit > 9) return 0;
    port = port * 10 + digit;
  }
  return port > 65535 ? 0 : port;
}

/** Whether the bytes are the `/32` or `/128` of a single address. */
export function isHostPrefix(bytes: Uint8Array, start: number, end: number, isV6: boolean): boolean {
  if (bytes[start] !== 47 || end - start !== (isV6 ? 4 : 3)) return false;
  return isV6
    ? bytes[start + 1] === 49 && bytes[start + 2] === 50 && bytes[start + 3] === 56
    : bytes[start + 1] === 51 && bytes[start + 2] === 50;
}
