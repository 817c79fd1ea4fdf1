import { keywordList } from "./keyword.ts";

/** `--dst-type LOCAL`, in the order of the kernel's RTN_ numbers; the beginning of a name will do. */
export const addressTypes = keywordList(
  "address-types",
  [
    "UNSPEC",
    "UNICAST",
    "LOCAL",
    "BROADCAST",
    "ANYCAST",
    "MULTICAST",
    "BLACKHOLE",
    "UNREACHABLE",
    "PROHIBIT",
    "THROW",
    "NAT",
    "XRESOLVE",
  ],
  { ignoreCase: true, prefix: true },
);
