/** Other values of the same kind for a value of an option: a number next to it, another size, another bit. */
export function otherValues(flag: string, value: string, match: string): string[] {
  switch (flag) {
    case "--dport":
    case "--sport":
      return [`${Number(value) + 1}`, `${Number(value) === 80 ? 8080 : 80}`];
    case "--probability":
      return [Number(value) / 2, Math.min(0.9, Number(value) * 1.5)].map((share) => share.toFixed(11));
    case "--seconds":
      return [`${Number(value) * 2}`];
    case "--mark":
    case "--set-xmark":
      return otherMarks(value);
    case "--to-destination":
      return otherDestinations(value);
    case "-s":
    case "-d":
      return otherNetworks(value);
    case "--dports":
      return [value.replace(/\d+/, (port) => `${Number(port) + 1}`)];
    default:
      return match === "recent" && flag === "--name" ? [value.replace(/.$/, (last) => (last === "A" ? "B" : "A"))] : [];
  }
}

function otherMarks(value: string): string[] {
  const [bits = 0, mask = 0xffffffff] = value.split("/").map(Number);
  const hex = (number: number): string => `0x${(number >>> 0).toString(16)}`;
  return [`${hex(bits === 0 ? mask : bits << 1)}/${hex(mask)}`, `${hex(bits << 1)}/${hex(mask << 1)}`];
}

function otherDestinations(value: string): string[] {
  const found = /^(\[?[\d.a-f:]+\]?):(\d+)$/.exec(value);
  if (found === null) return [];
  const [, address = "", port = ""] = found;
  return [`${nextAddress(address)}:${port}`, `${address}:${Number(port) + 1}`, address];
}

/** The next address or network, and one of another size. */
function otherNetworks(value: string): string[] {
  const [address = "", length = ""] = value.split("/");
  const isHost = length === "32" || length === "128";
  if (isHost) return [`${nextAddress(address)}/${length}`];
  return [`${otherNetwork(address)}/${length}`, `${address}/${Number(length) + 8}`];
}

const nextAddress = (address: string): string =>
  address.includes(":")
    ? address.replace(/[\da-f]*(?=\]?$)/, (last) => (Number.parseInt(last || "0", 16) + 1).toString(16))
    : address.replace(/\d+$/, (last) => `${(Number(last) + 1) % 255}`);

const otherNetwork = (address: string): string =>
  address.includes(":")
    ? address.replace(/^([\da-f]*)/, (first) => (Number.parseInt(first, 16) ^ 1).toString(16))
    : address.replace(/^\d+\.(\d+)/, (first, second) => first.replace(/\d+$/, `${Number(second) ^ 1}`));

/** Other words in the place of one that is no number. */
export function otherWords(flag: string, value: string): string[] {
  const others: Readonly<Record<string, readonly string[]>> = {
    "--ctstate": ["NEW", "INVALID", "RELATED,ESTABLISHED"],
    "--dst-type": ["UNICAST", "BROADCAST"],
    "--src-type": ["UNICAST"],
    "--reject-with": ["icmp-host-prohibited"],
    "--mode": [],
  };
  return (others[flag] ?? []).filter(
    (other) => other !== value && (flag !== "--reject-with" || value.startsWith("icmp-")),
  );
}
