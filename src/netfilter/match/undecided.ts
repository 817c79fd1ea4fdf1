import { type MatchSemantics, unknownBecause } from "./semantics.ts";

const RATE = "it depends on how many packets came before";
const EXTENSION_HEADERS = "the extension headers of the packet are not given";

/** Matches that ask for what the model of a packet does not have, and why. A trace follows both ways. */
export const undecided: ReadonlyMap<string, MatchSemantics> = new Map([
  ["limit", unknownBecause(RATE, true)],
  ["hashlimit", unknownBecause(RATE, true)],
  ["connlimit", unknownBecause("it depends on how many connections there are", true)],
  ["connbytes", unknownBecause("it depends on the packets before this one")],
  ["quota", unknownBecause("it depends on how many bytes came before", true)],
  ["rateest", unknownBecause("it depends on measured rates")],
  ["time", unknownBecause("it depends on the clock")],
  ["cgroup", unknownBecause("the process that sends is not given")],
  ["cpu", unknownBecause("the processor that handles the packet is not given")],
  ["devgroup", unknownBecause("a capture does not hold the groups of interfaces")],
  ["policy", unknownBecause("a capture does not hold the IPsec policies")],
  ["socket", unknownBecause("a capture does not hold the open sockets")],
  ["ipvs", unknownBecause("a capture does not hold the IPVS tables")],
  ["cluster", unknownBecause("it depends on a hash of the connection")],
  ["mac", unknownBecause("the link layer address of the packet is not given")],
  ["realm", unknownBecause("a capture does not hold the routing tables")],
  ["string", unknownBecause("the payload of the packet is not given")],
  ["u32", unknownBecause("the bytes of the packet are not given")],
  ["bpf", unknownBecause("the bytes of the packet are not given")],
  ["osf", unknownBecause("the TCP options of the packet are not given")],
  ["tcpmss", unknownBecause("the TCP options of the packet are not given")],
  ["esp", unknownBecause("the SPI of the packet is not given")],
  ["ah", unknownBecause("the authentication header of the packet is not given")],
  ["ipcomp", unknownBecause("the compression header of the packet is not given")],
  ["mh", unknownBecause("the mobility header of the packet is not given")],
  ["ipv6header", unknownBecause(EXTENSION_HEADERS)],
  ["dst", unknownBecause(EXTENSION_HEADERS)],
  ["hbh", unknownBecause(EXTENSION_HEADERS)],
  ["frag", unknownBecause(EXTENSION_HEADERS)],
  ["rt", unknownBecause(EXTENSION_HEADERS)],
  ["srh", unknownBecause(EXTENSION_HEADERS)],
  ["eui64", unknownBecause("the link layer address of the packet is not given")],
]);
