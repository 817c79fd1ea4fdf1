import { CONNMARK } from "./CONNMARK.ts";
import { DNAT } from "./DNAT.ts";
import { HMARK } from "./HMARK.ts";
import { DSCP, ECN, HL, TOS, TTL } from "./header.ts";
import { MARK } from "./MARK.ts";
import { MASQUERADE } from "./MASQUERADE.ts";
import { NETMAP } from "./NETMAP.ts";
import { CT, NOTRACK } from "./NOTRACK.ts";
import { DNPT, SNPT } from "./NPT.ts";
import { losing, silent, type TargetSemantics } from "./outcome.ts";
import { NFQUEUE, QUEUE } from "./queue.ts";
import { REDIRECT } from "./REDIRECT.ts";
import { REJECT } from "./REJECT.ts";
import { SET } from "./SET.ts";
import { SNAT } from "./SNAT.ts";
import { TPROXY } from "./TPROXY.ts";
import { ACCEPT, DROP, RETURN } from "./verdict.ts";

/** Targets that change nothing a rule or a route asks for, and let the packet go on. */
const quiet: Readonly<Record<string, TargetSemantics>> = {
  LOG: silent("is logged (LOG)"),
  NFLOG: silent("is logged (NFLOG)"),
  ULOG: silent("is logged (ULOG)"),
  AUDIT: silent("is recorded (AUDIT)"),
  TRACE: silent("is traced (TRACE)"),
  TEE: silent("a copy is sent elsewhere (TEE)"),
  CHECKSUM: silent("its checksum is filled in (CHECKSUM)"),
  CLASSIFY: silent("its traffic class is set (CLASSIFY)"),
  CONNSECMARK: silent("its security mark is kept (CONNSECMARK)"),
  SECMARK: silent("its security mark is set (SECMARK)"),
  IDLETIMER: silent("a timer starts anew (IDLETIMER)"),
  LED: silent("a light blinks (LED)"),
  RATEEST: silent("its rate is measured (RATEEST)"),
  TCPMSS: silent("its maximum segment size is set (TCPMSS)"),
  TCPOPTSTRIP: silent("TCP options are removed (TCPOPTSTRIP)"),
};

/** Targets after which the rules do not say what happens. */
const lost: Readonly<Record<string, TargetSemantics>> = {
  SYNPROXY: losing(
    "is answered in the server's place (SYNPROXY)",
    "the node completes the handshake first, then opens a connection of its own (SYNPROXY)",
  ),
  CLUSTERIP: losing(
    "this node of the cluster answers or not (CLUSTERIP)",
    "it depends on a hash of the connection (CLUSTERIP)",
  ),
};

/** What every target of the vocabulary does to a packet, by the name in its record. */
export const targetSemantics: ReadonlyMap<string, TargetSemantics> = new Map(
  Object.entries({
    ACCEPT,
    DROP,
    RETURN,
    QUEUE,
    REJECT,
    MARK,
    CONNMARK,
    DNAT,
    SNAT,
    MASQUERADE,
    REDIRECT,
    NETMAP,
    SNPT,
    DNPT,
    NOTRACK,
    CT,
    SET,
    TPROXY,
    TTL,
    HL,
    DSCP,
    TOS,
    ECN,
    HMARK,
    NFQUEUE,
    ...quiet,
    ...lost,
  }),
);

/** Semantics of a target that is neither in the vocabulary nor a chain. */
export const unknownTarget = losing("goes to a target that iptlint does not know", "iptlint does not know this target");
