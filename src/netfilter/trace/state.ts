import { type Packet, packetKey } from "../packet.ts";
import type { Weight, Worlds } from "./worlds.ts";

/** The steps of a way, last one first. */
export interface Trail {
  readonly step: number;
  readonly before: Trail | null;
}

/** A packet with the share of packets that look so here, and one of the ways that led here. */
export interface State {
  readonly packet: Packet;
  readonly weight: Weight;
  readonly trail: Trail | null;
}

/** States at one point of the path; equal packets are one state. */
export class States {
  readonly #byPacket = new Map<string, State>();
  readonly #worlds: Worlds;

  constructor(worlds: Worlds) {
    this.#worlds = worlds;
  }

  get size(): number {
    return this.#byPacket.size;
  }

  [Symbol.iterator](): IterableIterator<[string, State]> {
    return this.#byPacket.entries();
  }

  values(): IterableIterator<State> {
    return this.#byPacket.values();
  }

  delete(key: string): void {
    this.#byPacket.delete(key);
  }

  put(state: State): void {
    if (this.#worlds.isZero(state.weight)) return;
    const key = packetKey(state.packet);
    const known = this.#byPacket.get(key);
    const weight = known === undefined ? state.weight : this.#worlds.add(known.weight, state.weight);
    this.#byPacket.set(key, known === undefined ? state : { ...known, weight });
  }

  putAll(others: States): void {
    for (const state of others.values()) this.put(state);
  }
}
