import type { MapSource } from "../read/map-source.ts";
import type { Frontend } from "../service-map.ts";
import type { ServicePort } from "../service-port.ts";
import { Exemplar, type Layout, layoutOf } from "./exemplar.ts";

const FEW = 16;
/** So many of one build are chosen one after the other; where they are all damaged, the rest is compared at once. */
const MOST_ROUNDS = 4;

/** Of many Service ports those that are to be compared, since others are like them. */
export class Exemplars {
  readonly #source: MapSource;
  readonly #layouts = new Map<ServicePort, Layout>();
  readonly #byBuild = new Map<string, Exemplar[]>();
  readonly #few: number;
  #rounds = 0;

  /** @param few - fewer Service ports are compared rule by rule at once */
  constructor(source: MapSource, few = FEW) {
    this.#source = source;
    this.#few = few;
  }

  /** The ones to be compared next: one of each build and those that are like no other, or all. */
  choose(ports: readonly ServicePort[]): readonly ServicePort[] {
    if (ports.length < this.#few || this.#rounds++ === MOST_ROUNDS) return ports;
    const met = new Set<string>();
    return ports.filter((port) => {
      const { build } = this.#layoutOf(port);
      if (build === null) return true;
      const isFirst = !met.has(build);
      met.add(build);
      return isFirst;
    });
  }

  /** Takes one that is as kube-proxy writes it. */
  add(port: ServicePort): void {
    const layout = this.#layoutOf(port);
    const exemplar = layout.build === null ? null : Exemplar.of(port, layout, this.#source);
    if (layout.build === null || exemplar === null) return;
    const known = this.#byBuild.get(layout.build);
    if (known === undefined) this.#byBuild.set(layout.build, [exemplar]);
    else if (known.length < MOST_ROUNDS) known.push(exemplar);
  }

  /** Whether the Service port is like one that was taken, and does not depend on what others claim. */
  isLikeOne(port: ServicePort): boolean {
    const layout = this.#layoutOf(port);
    const known = layout.build === null ? undefined : this.#byBuild.get(layout.build);
    return known?.some((exemplar) => exemplar.isLike(port, layout)) === true && this.#isAlone(port);
  }

  /** Which of several cluster IPs or NodePorts is its own, others may decide. */
  #isAlone({ frontends }: ServicePort): boolean {
    const { destinations } = this.#source;
    const isOnly = (wanted: Frontend["kind"]): boolean => frontends.filter(({ kind }) => kind === wanted).length < 2;
    if (destinations.areDistinct || (isOnly("clusterIP") && isOnly("nodePort"))) return true;
    return !frontends.some((frontend) => destinations.isContested(frontend));
  }

  #layoutOf(port: ServicePort): Layout {
    let layout = this.#layouts.get(port);
    if (layout === undefined) {
      layout = layoutOf(port, this.#source.ruleset.store);
      this.#layouts.set(port, layout);
    }
    return layout;
  }
}
