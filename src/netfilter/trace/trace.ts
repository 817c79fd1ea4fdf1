import { isBroadcast, isLocal, isMulticast, type NodeFacts, routeTo } from "../node.ts";
import { addressText, knownBits, type Packet } from "../packet.ts";
import { factsFor, firstPacket, type Question } from "../question.ts";
import { NONE, type Ruleset } from "../ruleset.ts";
import type { TableName } from "../table.ts";
import type { Hook } from "../target/outcome.ts";
import { ChainPlans } from "./chain-plan.ts";
import { type End, Ends } from "./ends.ts";
import { TABLES_AT } from "./path.ts";
import { RuleCompiler } from "./rule.ts";
import { type State, States } from "./state.ts";
import { type Step, Steps } from "./steps.ts";
import { Budget, type Fate, type WalkContext, walkChain } from "./walk.ts";
import { Worlds } from "./worlds.ts";

/** Where a packet goes. */
export interface Trace {
  readonly ends: readonly End[];
  readonly steps: readonly Step[];
  /** What was taken for granted and is the same for all ends. */
  readonly assumed: readonly string[];
}

/** Follows a packet through the hooks of the kernel, all ways at once. */
export function trace(ruleset: Ruleset, question: Question, node: NodeFacts): Trace {
  const facts = factsFor(question, node);
  const worlds = new Worlds();
  let states: State[] = [{ packet: firstPacket({ ...question, state: "new" }), weight: worlds.one, trail: null }];
  const { state = "new" } = question;
  const again = state === "new-again" || state === "established";
  if (state !== "new" && !again) states = states.map((each) => ({ ...each, packet: firstPacket(question) }));
  // a packet that is not the first of its client or connection finds what those before it left behind
  const ends = new Ends(worlds);
  if (question.affinity === true) states = journeyBefore(ruleset, facts, worlds, states, ends, returning);
  if (again) {
    const later = firstPacket(question);
    states = journeyBefore(ruleset, facts, worlds, states, ends, (first) => following(later, first));
  }
  const journey = new Journey(ruleset, facts, worlds, ends);
  journey.begin(states);
  return journey.result();
}

/** Sends packets ahead; gives back, for each that arrives, the packet that comes after it. The others end here. */
function journeyBefore(
  ruleset: Ruleset,
  node: NodeFacts,
  worlds: Worlds,
  states: readonly State[],
  ends: Ends,
  next: (arrived: Packet) => Packet,
): State[] {
  const journey = new Journey(ruleset, node, worlds, new Ends(worlds));
  journey.begin(states);
  for (const { state, fate } of journey.lost) {
    const reason = `an earlier packet of the client is ${fate.kind === "unknown" ? "lost from sight" : fate.kind} already`;
    ends.ended({ ...state, trail: null }, { kind: "unknown", rule: NONE, reason });
  }
  const following = new States(worlds);
  for (const state of journey.arrived) following.put({ ...state, packet: next(state.packet), trail: null });
  return [...following.values()];
}

/** The client's next connection. */
function returning(first: Packet): Packet {
  const { original } = first;
  const remembered = first.remembered.filter((entry) => !entry.startsWith("label "));
  return {
    ...first,
    ...original,
    inInterface: first.local ? "" : first.inInterface,
    outInterface: "",
    routedAnew: false,
    mark: knownBits(0),
    connectionMark: knownBits(0),
    state: "invalid",
    tracking: "new",
    first: true,
    diverted: false,
    looped: false,
    destinationTranslation: null,
    sourceTranslation: null,
    remembered,
  };
}

/** The connection's next packet. */
function following(later: Packet, first: Packet): Packet {
  const { destinationTranslation, sourceTranslation, connectionMark, remembered } = first;
  const mapping = { destination: destinationTranslation, source: sourceTranslation };
  return { ...later, first: false, connectionMark, remembered, mapping };
}

/** Plans and compiled rules of a ruleset serve all traces of it. */
const prepared = new WeakMap<Ruleset, { readonly plans: ChainPlans; readonly compiler: RuleCompiler }>();

function prepare(ruleset: Ruleset) {
  let ready = prepared.get(ruleset);
  if (ready === undefined) {
    ready = { plans: new ChainPlans(ruleset), compiler: new RuleCompiler(ruleset) };
    prepared.set(ruleset, ready);
  }
  return ready;
}

class Journey {
  readonly worlds: Worlds;
  /** Packets that left the node or reached it, and those that did not. */
  readonly arrived: State[] = [];
  readonly lost: { readonly state: State; readonly fate: Fate }[] = [];
  readonly #ends: Ends;
  readonly #context: WalkContext;

  constructor(ruleset: Ruleset, node: NodeFacts, worlds: Worlds, ends: Ends) {
    this.worlds = worlds;
    this.#ends = ends;
    this.#context = {
      ruleset,
      node,
      worlds,
      steps: new Steps(),
      ...prepare(ruleset),
      assumed: new Set(),
      budget: new Budget(),
      end: (state, fate) => this.#end(state, fate),
    };
  }

  result(): Trace {
    return {
      ends: this.#ends.list(this.#context.steps.list),
      steps: this.#context.steps.list,
      assumed: [...this.#context.assumed],
    };
  }

  begin(states: readonly State[]): void {
    const foreign = new States(this.worlds);
    const own = new States(this.worlds);
    for (const state of states) (state.packet.local ? own : foreign).put(state);
    this.#receive(foreign);
    this.#send(own);
  }

  /** A packet that came in by an interface. */
  #receive(states: States): void {
    const arrived = this.#toGroups(this.#hook("PREROUTING", states));
    const { local, foreign } = this.#route(arrived);
    this.#deliver(local);
    // the time to live is counted down before the hook (ip_forward in net/ipv4/ip_forward.c)
    const forwarding = this.#map(foreign, (packet) => ({
      ...this.#routed(packet),
      ttl: packet.ttl === null ? null : packet.ttl - 1,
      ttlChange: packet.ttlChange - 1,
    }));
    const forwarded = this.#hook("FORWARD", forwarding);
    for (const state of this.#hook("POSTROUTING", forwarded).values()) this.#arrive(state, "forwarded");
  }

  /** A packet that the node itself sends. */
  #send(states: States): void {
    // a new destination is routed anew, which the rest of the hook does not see yet (nf_nat_ipv4_local_fn)
    const sent = this.#routeOutput(this.#hook("OUTPUT", this.#routeOutput(states)));
    const looping = new States(this.worlds);
    for (const state of this.#hook("POSTROUTING", sent).values()) {
      if (state.packet.outInterface === "lo") looping.put(state);
      else this.#arrive(state, "forwarded");
    }
    const returned = this.#map(looping, (packet) => ({ ...packet, inInterface: "lo", outInterface: "", looped: true }));
    // it keeps the route it was sent by
    this.#deliver(this.#hook("PREROUTING", returned));
  }

  #deliver(states: States): void {
    for (const state of this.#hook("INPUT", states).values()) this.#arrive(state, "local");
  }

  #hook(hook: Hook, states: States): States {
    return TABLES_AT[hook].reduce((passing, table) => this.#tracked(table, this.#table(hook, table, passing)), states);
  }

  #table(hook: Hook, table: TableName, states: States): States {
    if (states.size === 0) return states;
    const chain = this.#context.ruleset.chain(table, hook);
    if (table !== "nat") return chain === NONE ? states : walkChain(this.#context, { table, hook }, chain, states);
    const asking = new States(this.worlds);
    const passed = new States(this.worlds);
    for (const state of states.values()) {
      if (asksNat(state.packet, hook)) asking.put(state);
      else passed.put({ ...state, packet: remapped(state.packet, hook) });
    }
    if (asking.size > 0)
      passed.putAll(chain === NONE ? asking : walkChain(this.#context, { table, hook }, chain, asking));
    return passed;
  }

  /** conntrack looks at packets right after the raw table, unless a rule there forbids it. */
  #tracked(table: TableName, states: States): States {
    if (table !== "raw") return states;
    return this.#map(states, (packet) =>
      packet.tracking === null ? packet : { ...packet, state: packet.tracking, tracking: null },
    );
  }

  #map(states: States, change: (packet: Packet) => Packet): States {
    const changed = new States(this.worlds);
    for (const state of states.values()) changed.put({ ...state, packet: change(state.packet) });
    return changed;
  }

  /** Delivers what is for several nodes at once and may be for this one; gives back the others. */
  #toGroups(states: States): States {
    const others = new States(this.worlds);
    const joined = new States(this.worlds);
    for (const state of states.values()) {
      const { destination, family } = state.packet;
      if (typeof destination === "bigint" && isBroadcast(destination, family)) joined.put(state);
      else if (typeof destination === "bigint" && isMulticast(destination, family)) {
        const group = addressText(destination, family);
        const { holds, fails } = this.worlds.split(state.weight, {
          key: `group ${group}`,
          holds: `this node listens to the group ${group}`,
          fails: `this node does not listen to the group ${group}`,
          reason: "a capture does not hold the groups that a node listens to",
        });
        joined.put({ ...state, weight: holds });
        const reason = "it depends on multicast routing whether it is forwarded";
        if (!this.worlds.isZero(fails)) this.#end({ ...state, weight: fails }, { kind: "unknown", rule: NONE, reason });
      } else others.put(state);
    }
    this.#deliver(joined);
    return others;
  }

  /** The routing decision for what came in: for this node, or for others. */
  #route(states: States): { readonly local: States; readonly foreign: States } {
    const local = new States(this.worlds);
    const foreign = new States(this.worlds);
    for (const state of states.values()) {
      const decision = state.packet.diverted || isLocal("destination", state.packet, this.#context.node);
      if (decision === true) local.put(state);
      else if (decision === false) foreign.put(state);
      else if ("variable" in decision) {
        const { holds, fails } = this.worlds.split(state.weight, decision.variable);
        local.put({ ...state, weight: decision.sense ? holds : fails });
        foreign.put({ ...state, weight: decision.sense ? fails : holds });
      }
    }
    return { local, foreign };
  }

  #routeOutput(states: States): States {
    const { local, foreign } = this.#route(states);
    const routed = this.#map(local, (packet) => ({ ...this.#routed(packet), outInterface: "lo" }));
    routed.putAll(this.#map(foreign, (packet) => this.#routed(packet)));
    return routed;
  }

  #routed(packet: Packet): Packet {
    const { destination, destinationTranslation, family } = packet;
    // to a group a node sends by the interface that has the source, not by a route
    const isRouted = typeof destination === "bigint" && !isMulticast(destination, family);
    const route = isRouted ? routeTo(destination, this.#context.node) : null;
    return { ...packet, outInterface: route?.interface ?? null, routedAnew: destinationTranslation !== null };
  }

  #arrive(state: State, fate: "forwarded" | "local"): void {
    this.arrived.push(state);
    this.#ends.delivered(state, fate);
  }

  #end(state: State, fate: Fate): void {
    this.lost.push({ state, fate });
    this.#ends.ended(state, fate);
  }
}

/** nat is asked once per connection and direction of change: for its first packet (nf_nat_inet_fn in net/netfilter/nf_nat_core.c). */
function asksNat(packet: Packet, hook: Hook): boolean {
  if (packet.state === "invalid" || packet.state === "untracked") return false;
  // what left by the loopback has been through OUTPUT and POSTROUTING, so both directions are decided
  return packet.first && !(packet.looped && (hook === "PREROUTING" || hook === "INPUT"));
}

/** A later packet of the connection gets what the first one got. */
function remapped(packet: Packet, hook: Hook): Packet {
  const { mapping } = packet;
  if (mapping === null || packet.looped) return packet;
  if (hook === "PREROUTING" || hook === "OUTPUT") {
    const to = mapping.destination;
    if (to === null) return packet;
    return { ...packet, destination: to.address, destinationPort: to.port, destinationTranslation: to };
  }
  const from = mapping.source;
  if (from === null || packet.sourceTranslation !== null) return packet;
  return { ...packet, source: from.address, sourcePort: from.port, sourceTranslation: from };
}
