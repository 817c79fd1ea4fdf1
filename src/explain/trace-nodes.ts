import { displayText } from "../../grammar/bytes.ts";
import type { NodeFacts } from "../netfilter/node.ts";
import type { Question } from "../netfilter/question.ts";
import { type Trace, trace } from "../netfilter/trace/trace.ts";
import type { NodeModel } from "../read-node.ts";
import type { TracedEnd, TracedStep, TraceReport } from "../report/trace-report.ts";
import { version } from "../version.ts";
import { wayOf } from "./way.ts";

/** A packet as it was asked for. */
export interface PacketRequest {
  readonly question: Question;
  readonly from: string;
  readonly to: string;
}

/** Follows a packet on every node, in each of its rulesets of the packet's IP version. */
export function traceNodes(nodes: readonly NodeModel[], request: PacketRequest, facts: NodeFacts): TraceReport[] {
  const { question, from, to } = request;
  return nodes.flatMap(({ name, maps }) =>
    maps
      .map(({ ruleset }) => ruleset)
      .filter(({ family }) => family === null || family === question.family)
      .map((ruleset) => {
        const traced = trace(ruleset, question, facts);
        return {
          version,
          node: name,
          family: question.family,
          backend: ruleset.backend,
          from,
          to,
          ...plainTrace(traced),
          way: wayOf(ruleset, traced.steps, "all"),
        };
      }),
  );
}

/** A trace as plain data, decoded. */
export function plainTrace({ ends, steps, assumed }: Trace): {
  ends: TracedEnd[];
  steps: TracedStep[];
  assumed: string[];
} {
  return {
    ends: ends.map(({ way: _, assumptions, rejectWith, outInterface, reason, ...end }) => ({
      ...end,
      rejectWith: rejectWith === null ? null : displayText(rejectWith),
      outInterface: outInterface === null ? null : displayText(outInterface),
      reason: reason === null ? null : displayText(reason),
      assumptions: assumptions.map(({ variable, value }) => displayText(value ? variable.holds : variable.fails)),
    })),
    steps: steps.map(({ hook, table, chain, line, effect, parent }) => ({
      hook,
      table,
      chain: displayText(chain),
      line,
      effect: displayText(effect),
      parent,
    })),
    assumed: assumed.map(displayText),
  };
}
