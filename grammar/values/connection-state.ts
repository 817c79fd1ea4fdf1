import { keywordList } from "./keyword.ts";

const READ = { ignoreCase: true, prefix: true };

/** Of connections, in the order in which iptables-save prints them. */
export const STATES = ["INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED", "SNAT", "DNAT"];

/** `--ctstate NEW,ESTABLISHED` (conntrack_print_state of libxt_conntrack.c gives the order). */
export const connectionStates = keywordList("connection-states", STATES, READ);

/** `--state NEW,ESTABLISHED` of the older match. */
export const simpleStates = keywordList(
  "simple-connection-states",
  ["INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED"],
  READ,
);

/** `--ctstatus ASSURED,CONFIRMED` */
export const connectionStatus = keywordList("connection-status", ["EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED"], {
  ...READ,
  none: "NONE",
});
