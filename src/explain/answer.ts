import { displayText } from "../../grammar/bytes.ts";
import type { Frontend } from "../kubernetes/service-map.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import type { NodeModel } from "../read-node.ts";
import type { Explanation } from "../report/explanation.ts";
import { listedPort } from "../services.ts";
import type { Clients, ClientTrace } from "./clients.ts";
import { headlineOf, wayTitle } from "./headline.ts";
import { ipvsAnswer } from "./ipvs-answer.ts";
import { nameRemarks, remarksOf } from "./remarks.ts";
import { choiceOf, outcomeOf, sharesByRules } from "./shares.ts";
import { sourcesOf } from "./sources.ts";
import { wayOf } from "./way.ts";

/** How the question led to the Service port. */
export interface Lead {
  readonly port: ServicePort;
  /** The way in that was asked for; `null`: the Service port itself. */
  readonly frontend: Frontend | null;
  /** Instead of what a frontend says in the first line. */
  readonly headline?: string;
}

/** The whole answer for one Service port. */
export function answerFor(
  node: NodeModel,
  map: ServiceMap,
  { port, frontend, headline }: Lead,
  clients: Clients,
): Explanation {
  if (frontend?.kind === "healthCheckNodePort") return healthCheckAnswer(node, map, port, frontend);
  if (map.mode === "ipvs") {
    const said = displayText(headline ?? headlineOf(map, port, frontend));
    return ipvsAnswer(node, map, port, frontend === null ? port.frontends : [frontend], said, [...nameRemarks(port)]);
  }
  const asked = frontend ?? usualFrontend(port);
  const traced = (to: Frontend) => clients.to(to, port);
  const traces = asked === null ? [] : traced(asked);
  const shown = asked === null ? undefined : mainTrace(asked, traces);
  const { remarks, notShown, excerpt } = remarksOf(map, port, frontend, traced, shown?.trace ?? null);
  const { shares, open } =
    shown === undefined || excerpt ? { shares: sharesByRules(port, asked), open: null } : outcomeOf(shown.trace);
  const assumed = excerpt || traces.length === 0 ? [] : clients.assumed;
  return {
    node: node.name,
    headline: displayText(headline ?? headlineOf(map, port, frontend)),
    servicePort: listedPort(node.name, map, port),
    shares,
    choice: choiceOf(map, port, shares),
    wayOf: shown === undefined || asked === null ? null : displayText(wayTitle(node, map, asked, shown.client)),
    way: shown === undefined ? [] : wayOf(map.ruleset, shown.trace.steps, open === null ? "changes" : "nat"),
    sources: asked === null || excerpt ? [] : sourcesOf(traces),
    remarks: [...(open === null ? [] : [open]), ...remarks, ...assumed.map((sentence) => `Assumed: ${sentence}.`)].map(
      displayText,
    ),
    notShown: notShown.map(displayText),
  };
}

/** A port on which kube-proxy itself tells load balancers whether the node has endpoints. */
function healthCheckAnswer(node: NodeModel, map: ServiceMap, port: ServicePort, frontend: Frontend): Explanation {
  const line = map.ruleset.store.line(frontend.rule);
  return {
    node: node.name,
    headline: displayText(headlineOf(map, port, frontend)),
    servicePort: listedPort(node.name, map, port),
    shares: [{ share: 1, ideal: "1", address: null, note: `handed to kube-proxy itself (let in by line ${line})` }],
    choice: null,
    wayOf: null,
    way: [],
    sources: [],
    remarks: [
      "kube-proxy answers health checks of load balancers here: 200 while this node has an endpoint of the Service, else 503. The port leads to no endpoint.",
    ],
    notShown: [],
  };
}

/** The way in that says most about a Service port when none was asked for. */
function usualFrontend(port: ServicePort): Frontend | null {
  return port.clusterFrontend ?? port.frontends.find(({ kind }) => kind !== "healthCheckNodePort") ?? null;
}

/** The client whose way is shown: outside for what is reached from outside, a pod for a cluster IP. */
function mainTrace({ kind }: Frontend, traces: readonly ClientTrace[]): ClientTrace | undefined {
  const wanted = kind === "clusterIP" ? ["pod", "node", "outside"] : ["outside", "pod", "node"];
  for (const each of wanted) {
    const found = traces.find(({ client }) => client.kind === each);
    if (found !== undefined) return found;
  }
  return undefined;
}
