import { displayText } from "../../grammar/bytes.ts";
import { frontendInWords, nameOf } from "../checks/service-words.ts";
import type { Frontend } from "../kubernetes/service-map.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import type { End } from "../netfilter/trace/ends.ts";
import type { Trace } from "../netfilter/trace/trace.ts";
import type { NodeModel } from "../read-node.ts";
import type { ExplainedShare, Explanation } from "../report/explanation.ts";
import { listedPort } from "../services.ts";
import type { Clients, ClientTrace } from "./clients.ts";
import { remarksOf } from "./remarks.ts";
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
  const asked = frontend ?? usualFrontend(port);
  const traces = asked === null ? [] : clients.to(asked, port);
  const shown = asked === null ? undefined : mainTrace(asked, traces);
  const remarks = remarksOf(map, port, asked, shown?.trace ?? null);
  const shares =
    shown === undefined || remarks.excerpt ? sharesByRules(port) : mergeEnds(shown.trace, map.mode === "ipvs");
  return {
    node: node.name,
    headline: displayText(headline ?? headlineOf(map, port, frontend)),
    servicePort: listedPort(node.name, map, port),
    shares,
    choice: choiceOf(port, shares),
    wayOf: shown === undefined || asked === null ? null : displayText(wayTitle(asked, shown)),
    way: shown === undefined ? [] : wayOf(map.ruleset, shown.trace.steps, "changes"),
    sources: asked === null || remarks.excerpt ? [] : sourcesOf(traces),
    remarks: remarks.remarks.map(displayText),
    notShown: remarks.notShown.map(displayText),
  };
}

function headlineOf(map: ServiceMap, port: ServicePort, frontend: Frontend | null): string {
  if (frontend === null) return `${nameOf(port)} is ${waysIn(port)}`;
  if (port.id === null && frontend.chain !== null) {
    const from = displayText(map.ruleset.chainName(map.ruleset.chainOf(frontend.rule)));
    const to = map.ruleset.chainName(frontend.chain);
    return `${from} sends ${shortFrontend(frontend)} to ${to}; the capture does not name its Service`;
  }
  const others = port.frontends.filter((other) => other !== frontend && other.kind !== frontend.kind).slice(0, 3);
  const besides = others.map(frontendInBrief);
  const rest = besides.length === 0 ? "" : ` (${besides.join(", ")})`;
  const whose = port.id === null && frontend.chain === null ? nameOf(port) : `Service ${nameOf(port)}`;
  return `${shortFrontend(frontend)} is ${article(frontend)} of ${whose}${rest}`;
}

function waysIn(port: ServicePort): string {
  if (port.frontends.length === 0) return "a Service port that nothing in this capture leads to";
  return `a Service port with ${port.frontends.map(frontendInWords).join(", ")}`;
}

function shortFrontend({ ip, port, protocol }: Frontend): string {
  const at = `${port ?? "?"}/${protocol ?? "?"}`;
  return ip === null ? at : `${ip.includes(":") ? `[${ip}]` : ip}:${at}`;
}

function article({ kind }: Frontend): string {
  switch (kind) {
    case "nodePort":
      return "the NodePort";
    case "healthCheckNodePort":
      return "the health check port";
    case "clusterIP":
      return "the cluster IP";
    case "externalIP":
      return "an external IP";
    case "loadBalancerIP":
      return "a load balancer IP";
    case "external":
      return "an external or load balancer IP";
  }
}

function frontendInBrief(frontend: Frontend): string {
  return frontend.kind === "clusterIP"
    ? `port ${frontend.port ?? "?"}, cluster IP ${frontend.ip ?? "?"}`
    : frontendInWords(frontend);
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

function wayTitle(frontend: Frontend, { client }: ClientTrace): string {
  const to =
    frontend.ip === null ? `any address of this node, port ${shortFrontend(frontend)}` : shortFrontend(frontend);
  const from = { outside: "", pod: " from a pod of this node", node: " from this node itself" }[client.kind];
  return `The way of a connection${from} to ${to}`;
}

/** Endpoints with their shares as the rules divide, where packets cannot be followed to them. */
function sharesByRules(port: ServicePort): ExplainedShare[] {
  return port.endpoints.map(({ address, share, ideal, chain }) => ({
    share,
    ideal,
    address: address === null ? null : displayText(address),
    note: address === null ? `not shown: ${displayText(chain)} is not in this capture` : null,
  }));
}

/** Endpoints with their shares as packets get to them, and what becomes of those that get to none. */
function mergeEnds(trace: Trace, isIpvs: boolean): ExplainedShare[] {
  const merged = new Map<string, ExplainedShare>();
  for (const end of trace.ends) {
    const note = noteOf(end, trace, isIpvs);
    const key = `${end.dnat} ${note}`;
    const known = merged.get(key);
    const share = end.share + (known?.share ?? 0);
    merged.set(key, { share, ideal: known === undefined ? end.ideal : null, address: end.dnat, note });
  }
  return [...merged.values()].sort((a, b) => (b.share ?? 0) - (a.share ?? 0));
}

function noteOf(end: End, { steps }: Trace, isIpvs: boolean): string | null {
  const line = steps[end.step]?.line ?? 0;
  const where = line === 0 ? "" : ` (line ${line})`;
  const assumed = end.assumptions.map(({ variable, value }) => (value ? variable.holds : variable.fails));
  const said =
    end.fate === "rejected"
      ? `refused with ${end.rejectWith}${where}`
      : end.fate === "dropped"
        ? `dropped${where}`
        : end.fate === "unknown"
          ? `not known${where}: ${end.reason}`
          : end.dnat === null
            ? end.fate === "local"
              ? isIpvs
                ? "handed to IPVS in the kernel, which chooses the endpoint (ipvsadm -Sn shows them)"
                : "handed to this node itself, untranslated"
              : "sent on untranslated"
            : null;
  const parts = [said, assumed.length === 0 ? null : `if ${assumed.join(" and ")}`].filter((part) => part !== null);
  return parts.length === 0 ? null : displayText(parts.join(", "));
}

function choiceOf(port: ServicePort, shares: readonly ExplainedShare[]): string | null {
  if (shares.length < 2) return null;
  const random = "chosen at random for each new connection, not in turn; a long-lived connection stays where it is";
  if (port.sessionAffinity !== "ClientIP") return random;
  const seconds = port.sessionAffinityTimeoutSeconds;
  const within = seconds === null ? "lately" : `within the last ${seconds} seconds`;
  return `a client that connected ${within} gets the endpoint that it had (session affinity ClientIP); for others it is ${random}`;
}
