import { firstValue, hasFlag } from "../match/semantics.ts";
import { losing, type TargetSemantics } from "./outcome.ts";

export const QUEUE: TargetSemantics = losing(
  "goes to a program (QUEUE)",
  "a program decides what becomes of it (QUEUE)",
);

/** net/netfilter/xt_NFQUEUE.c: with --queue-bypass the packet is accepted when no program listens. */
export const NFQUEUE: TargetSemantics = (target, context) => {
  const queue = firstValue<number>(target.options, "--queue-num", context) ?? 0;
  const lost = { kind: "lost", reason: `a program decides what becomes of it (NFQUEUE ${queue})` } as const;
  const listens = `a program listens on queue ${queue}`;
  return {
    effect: `goes to a program (NFQUEUE ${queue})`,
    apply: (packet) => ({
      kind: "either",
      variable: {
        key: `nfqueue ${queue}`,
        holds: listens,
        fails: `no program listens on queue ${queue}`,
        reason: "a capture does not hold the programs that run",
      },
      holds: lost,
      fails: hasFlag(target, "--queue-bypass") ? { kind: "accept", packet } : { kind: "drop" },
    }),
  };
};
