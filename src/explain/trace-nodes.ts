import { displayText } from "../../grammar/bytes.ts";
import { printAddress } from "../../grammar/values/address.ts";
import type { NodeFacts } from "../netfilter/node.ts";
import type { Question } from "../netfilter/question.ts";
import type { Ruleset } from "../netfilter/ruleset.ts";
import { type Trace, trace } from "../netfilter/trace/trace.ts";
import type { NodeModel } from "../read-node.ts";
import type { TracedEnd, TracedStep, TraceReport } from "../report/trace-report.ts";
import { version } from "../version.ts";
import type { KnownNodes } from "./known-node.ts";
import { lostMatches } from "./lost.ts";
import { wayOf } from "./way.ts";

/** A packet as it was asked for. */
export interface PacketRequest {
  readonly question: Question;
  readonly from: string;
  readonly to: string;
}

/** Follows a packet on every node, in each of its rulesets of the packet's IP version. */
export function traceNodes(nodes: readonly NodeModel[], request: PacketRequest, known: KnownNodes): TraceReport[] {
  const { question, from, to } = request;
  return nodes.flatMap((node) => {
    const { name, rulesets } = node;
    const { facts } = known(name, question.family);
    return rulesets
      .filter(({ family }) => family === null || family === question.family)
      .map((ruleset) => {
        const traced = trace(ruleset, question, facts);
        const plain = plainTrace(traced);
        return {
          version,
          node: name,
          family: question.family,
          backend: ruleset.backend,
          from,
          to,
          ...plain,
          assumed: [...lostIn(node, ruleset), ...plain.assumed, ...takenForGranted(traced, question, facts)],
          way: wayOf(ruleset, traced.steps, "all"),
        };
      });
  });
}

/** An iptables from 1.8.8 on prints all that others load, and so does every legacy one: there the Services need not be found. */
function lostIn(node: NodeModel, ruleset: Ruleset): string[] {
  const { backend, version } = ruleset;
  if (backend === "legacy" || (version !== null && !/^1\.([0-7]\.|8\.[0-7]$)/.test(version))) return [];
  const map = node.maps.find((each) => each.ruleset === ruleset);
  return map === undefined || lostMatches(map).length === 0
    ? []
    : [
        "the rules ask for no port and no mark, though this capture has lost those that they ask for, so that the answer is none",
      ];
}

/** What the caller's facts leave out, and what it changes. */
function takenForGranted({ ends }: Trace, { family }: Question, { addresses, routes }: NodeFacts): string[] {
  const said: string[] = [];
  if (addresses !== null) {
    const own = addresses.map((bits) => printAddress({ family, bits })).join(", ");
    said.push(
      `${own} and loopback addresses are all that this node has; --node-ip names others, such as those of bridges`,
    );
  }
  if (ends.some(({ fate, outInterface }) => fate === "forwarded" && outInterface === null)) {
    const none = routes.length === 0 ? "no --route given" : "no --route fits";
    said.push(`there is a route to where the packet goes (${none}); it changes nothing but the name of the interface`);
  }
  return said;
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
