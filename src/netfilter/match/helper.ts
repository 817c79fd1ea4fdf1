import { unknown } from "./decision.ts";
import { eachOption } from "./semantics.ts";

/** net/netfilter/xt_helper.c: asks for the helper that expected this connection, so only RELATED ones and their followers have one. */
export const helper = eachOption({
  "--helper":
    ([name]) =>
    (packet) => {
      if (packet.state === "new" || packet.state === "invalid" || packet.state === "untracked") return false;
      return unknown({
        key: `helper ${name}`,
        holds: `the connection was expected by the helper ${name}`,
        fails: `the connection was not expected by the helper ${name}`,
        reason: "it depends on the packets before this one",
      });
    },
});
