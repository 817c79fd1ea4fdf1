import { addrtype } from "./addrtype.ts";
import { comment } from "./comment.ts";
import { connlabel } from "./connlabel.ts";
import { connmark } from "./connmark.ts";
import { conntrack } from "./conntrack.ts";
import { dccp } from "./dccp.ts";
import { dscp } from "./dscp.ts";
import { ecn } from "./ecn.ts";
import { helper } from "./helper.ts";
import { hl } from "./hl.ts";
import { icmp } from "./icmp.ts";
import { icmp6 } from "./icmp6.ts";
import { iprange } from "./iprange.ts";
import { length } from "./length.ts";
import { mark } from "./mark.ts";
import { multiport } from "./multiport.ts";
import { nfacct } from "./nfacct.ts";
import { owner } from "./owner.ts";
import { physdev } from "./physdev.ts";
import { pkttype } from "./pkttype.ts";
import { recent } from "./recent.ts";
import { rpfilter } from "./rpfilter.ts";
import { sctp } from "./sctp.ts";
import { type MatchSemantics, unknownBecause } from "./semantics.ts";
import { set } from "./set.ts";
import { state } from "./state.ts";
import { statistic } from "./statistic.ts";
import { tcp } from "./tcp.ts";
import { tos } from "./tos.ts";
import { ttl } from "./ttl.ts";
import { udp } from "./udp.ts";
import { undecided } from "./undecided.ts";

const decided: Readonly<Record<string, MatchSemantics>> = {
  addrtype,
  comment,
  connlabel,
  connmark,
  conntrack,
  dccp,
  dscp,
  ecn,
  helper,
  hl,
  icmp,
  icmp6,
  iprange,
  length,
  mark,
  multiport,
  nfacct,
  owner,
  physdev,
  pkttype,
  recent,
  rpfilter,
  sctp,
  set,
  state,
  statistic,
  tcp,
  tos,
  ttl,
  udp,
};

/** What every match of the vocabulary asks of a packet, by the name in its record. */
export const matchSemantics: ReadonlyMap<string, MatchSemantics> = new Map([...Object.entries(decided), ...undecided]);

/** Semantics of a match that the vocabulary does not know. */
export const unknownMatch = unknownBecause("iptlint does not know this match");
