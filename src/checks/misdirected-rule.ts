import { hashedChainName, parseServicePortName, provenSpelling } from "../kubernetes/chain-name.ts";
import { plainName } from "../kubernetes/read/names.ts";
import type { Frontend } from "../kubernetes/service-map.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import type { Check, Draft } from "./check.ts";
import type { Context } from "./context.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { frontendInWords, nameOf } from "./service-words.ts";
import { counted } from "./words.ts";

/** pkg/proxy/iptables/proxier.go, portProtoHash: the name of a Service port's chains is the hash of its name and protocol. */
export const misdirectedRule: Check = {
  id: "misdirected-rule",
  severity: "error",
  confidence: "certain",
  summary: "A rule of one Service leads to the chains of another one",
  why: "The comment says whose rule it is, and the hash in the name of the chain says whose chain it is. Where the two differ, the rule was edited, or two texts were merged: clients of one Service reach the other.",
  evidence:
    "base32(sha256(namespace/name:port + protocol)) of the name in the comment is not what follows KUBE-SVC-, KUBE-EXT- and so on, but that of another Service is.",
  confirm: "iptables-save -t nat | grep NAMESPACE/NAME",
  whenFine: "In texts in which names were made unreadable on purpose before they were shared: then it is said once.",
  remedy: RESTART_KUBE_PROXY,
  references: ["https://github.com/kubernetes/kubernetes/issues/85397"],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    const bent = bentRules(context);
    takeConsequences(context, bent);
    for (const each of bent) report(draftOf(context, each));
    const all = context.suspects.all.filter(({ nameEvidence }) => nameEvidence === "refuted");
    const refuted = all.length;
    const [first] = all;
    if (first === undefined) return;
    const rule = first.evidence[0];
    const of = context.services.servicePorts.length;
    report({
      at: rule === undefined ? { offset: 0, length: 0 } : { rule },
      message:
        refuted === 1
          ? `the name ${nameOf(first)} in the comments is not the one in the hash of its chains`
          : `the names in the comments of ${counted(refuted, "Service port")} of ${of} are not those in the hashes of their chains`,
      servicePort: refuted === 1 ? first.id : null,
      severity: refuted > 1 || of === 1 ? "info" : "warning",
      confidence: "likely",
      effect:
        "No effect on traffic. Names were replaced before the text was shared, or the comments were edited: do not trust them.",
    });
  },
};

/** A rule that leads to a Service port, and whose comment is another one's. */
interface Bent {
  readonly port: ServicePort;
  readonly meant: string;
  readonly frontend: Frontend;
}

function bentRules(context: Context): Bent[] {
  const found: Bent[] = [];
  for (const port of context.suspects.all) {
    if (port.nameEvidence !== "hash") continue;
    for (const frontend of port.frontends) {
      const meant = frontend.chain === null ? null : context.claims.name(frontend.rule);
      if (meant === null || meant === port.name || plainName(meant) === port.id || !isOther(port, meant)) continue;
      found.push({ port, meant: plainName(meant), frontend });
    }
  }
  return found;
}

/** The comment is a Service's name, and the chain is not that Service's. */
function isOther(port: ServicePort, meant: string): boolean {
  const { chainHash, protocol } = port;
  if (parseServicePortName(meant) === null || chainHash === null || protocol === null) return false;
  return provenSpelling(meant, protocol, chainHash) === null;
}

/** What the one Service port seems to have too much, and the other lacks, follows from the bent rule. */
function takeConsequences(context: Context, bent: readonly Bent[]): void {
  if (bent.length === 0) return;
  const rules = new Set(bent.map(({ frontend }) => frontend.rule));
  const reached = new Set(bent.map(({ port }) => port));
  const lost = new Map<string, Set<string>>();
  for (const { meant, frontend } of bent)
    lost.set(meant, (lost.get(meant) ?? new Set()).add(frontend.ip === null ? String(frontend.port) : frontend.ip));
  const isLost = (port: ServicePort, text: string): boolean => {
    const places = lost.get(port.id ?? "");
    const [, ip] = / -d (\S+?)(?:\/\d+)? /.exec(text) ?? [];
    const [, number = ""] = / --dport (\d+)/.exec(text) ?? [];
    return places?.has(ip ?? number) === true;
  };
  context.deviations.take(
    ({ port, rule, role, expected }) =>
      rules.has(rule) ||
      (reached.has(port) && (role.includes(" ") || role === "ext" || role === "fw" || role === "xlb")) ||
      isLost(port, expected ?? ""),
  );
  for (const { frontend } of bent) context.noteRule(frontend.rule);
  for (const port of context.services.servicePorts)
    if (lost.has(port.id ?? ""))
      context.noteUnreferenced((["svc", "svl", "ext", "fw", "xlb"] as const).map((role) => port.chain(role)));
}

function draftOf(context: Context, { port, meant, frontend }: Bent): Draft {
  const { ruleset } = context;
  const target = ruleset.chainName(ruleset.target(frontend.rule));
  const what = frontendInWords(frontend);
  return {
    at: { rule: frontend.rule },
    label: `${target} is ${hashedChainName(target)?.wellFormed === true ? "by its hash " : ""}a chain of ${nameOf(port)}`,
    message: `${what} of ${meant} leads to ${nameOf(port)}`,
    servicePort: meant,
    effect: `Clients that connect to ${what} reach the endpoints of ${nameOf(port)} instead of those of ${meant}.`,
    confirm: `iptables-save -t nat | grep ${meant}`,
  };
}
