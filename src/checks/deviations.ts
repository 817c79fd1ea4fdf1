import type { ServicePort } from "../kubernetes/service-port.ts";
import { NONE } from "../netfilter/ruleset.ts";
import type { Deviation } from "./deviation.ts";

/** A deviation that most Services share: not damage, but a form that nobody told us of. */
export interface UnknownForm {
  readonly example: Deviation;
  readonly count: number;
}

/** What deviates from kube-proxy's writing, given out once: what one check explains no other speaks of. */
export class Deviations {
  readonly unknownForms: readonly UnknownForm[];
  readonly #left: Set<Deviation>;

  constructor(all: readonly Deviation[], ports: readonly ServicePort[]) {
    const byForm = new Map<string, Deviation[]>();
    for (const deviation of all) {
      const form = formOf(deviation);
      const list = byForm.get(form);
      if (list === undefined) byForm.set(form, [deviation]);
      else list.push(deviation);
    }
    const forms: UnknownForm[] = [];
    this.#left = new Set(all);
    for (const list of byForm.values()) {
      const example = list[0] as Deviation;
      const count = new Set(list.map(({ port }) => port)).size;
      if (!isShared(count, ports.filter((port) => couldHave(port, example)).length)) continue;
      forms.push({ example, count });
      for (const deviation of list) this.#left.delete(deviation);
    }
    this.unknownForms = forms;
  }

  /** What nobody has taken yet, by Service port. */
  take(wanted: (deviation: Deviation) => boolean): ReadonlyMap<ServicePort, readonly Deviation[]> {
    const taken = new Map<ServicePort, Deviation[]>();
    for (const deviation of this.#left) {
      if (!wanted(deviation)) continue;
      this.#left.delete(deviation);
      const list = taken.get(deviation.port);
      if (list === undefined) taken.set(deviation.port, [deviation]);
      else list.push(deviation);
    }
    return taken;
  }

  /** The same without taking. */
  has(wanted: (deviation: Deviation) => boolean): boolean {
    for (const deviation of this.#left) if (wanted(deviation)) return true;
    return false;
  }
}

const formOf = ({ kind, role, slot }: Deviation): string => `${kind} ${role} ${slot}`;

/** All of two or three Services, or more than half of four and more. */
const isShared = (count: number, of: number): boolean => count >= 2 && (count >= of || (count >= 4 && count * 2 > of));

function couldHave(port: ServicePort, { role }: Deviation): boolean {
  if (role === "sep") return port.endpointChains().length > 0;
  return role.includes(" ") || port.chain(role as "svc") !== NONE;
}
