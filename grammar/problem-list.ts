import { Growing } from "./growing.ts";
import type { Problem } from "./problem.ts";

/** So many problems of one kind are kept; the rest is counted. */
const MOST_OF_A_KIND = 10_000;

/** A problem as it is found; what is left out is `null`. */
export interface Found extends Pick<Problem, "checkId" | "severity" | "offset" | "length" | "message"> {
  readonly expected?: string | undefined;
  /** Looked for where the problem is kept. */
  readonly suggestion?: (() => string | null) | undefined;
}

interface Repeated {
  readonly node: number;
  readonly found: Omit<Found, "message">;
  readonly message: (count: number) => string;
  count: number;
}

/** Collects problems: each kind up to a bound, and what stands in many lines said once with their number. */
export class ProblemList {
  readonly #problems: Problem[] = [];
  readonly #counts = new Map<string, number>();
  #repeated = new Map<string, Repeated>();
  /** How many of severity error there were so far, and how many cases of anything. */
  errors = 0;
  cases = 0;
  /** Nodes of all problems of severity error, also of those that are counted alone. */
  readonly #refused = new Growing();

  /** Counts one more case where there are enough of its kind; false: it is yet to be told. */
  countsAlone(node: number, { checkId, severity }: Pick<Found, "checkId" | "severity">): boolean {
    if ((this.#counts.get(checkId) ?? 0) < MOST_OF_A_KIND) return false;
    this.#count(node, checkId, severity);
    return true;
  }

  #count(node: number, checkId: Found["checkId"], severity: Found["severity"]): number {
    this.cases++;
    if (severity === "error") {
      this.errors++;
      this.#refused.push(node);
    }
    const count = (this.#counts.get(checkId) ?? 0) + 1;
    this.#counts.set(checkId, count);
    return count;
  }

  add(node: number, found: Found): void {
    const { checkId, severity, offset, length, message, expected = null } = found;
    if (this.#count(node, checkId, severity) > MOST_OF_A_KIND) return;
    const suggestion = found.suggestion?.() ?? null;
    this.#problems.push({ checkId, severity, node, offset, length, message, expected, suggestion });
  }

  /** Notes one more case of what `key` names; `message` is asked for the words once the number is known. */
  once(key: string, node: number, found: Omit<Found, "message">, message: (count: number) => string): void {
    this.cases++;
    const known = this.#repeated.get(key);
    if (known !== undefined) known.count++;
    else this.#repeated.set(key, { node, found, message, count: 1 });
  }

  /** Says what was noted with `once` since the last call. */
  flush(): void {
    for (const { node, found, message, count } of this.#repeated.values())
      this.add(node, { ...found, message: message(count) });
    this.#repeated = new Map();
  }

  /** Some kind has more than are kept. */
  get isCounted(): boolean {
    return [...this.#counts.values()].some((count) => count > MOST_OF_A_KIND);
  }

  /** By node: whether there is a problem of severity error; empty where there is none. */
  refused(nodes: number): Uint8Array {
    const all = this.#refused.view();
    const refused = new Uint8Array(all.length === 0 ? 0 : nodes);
    for (const node of all) refused[node] = 1;
    return refused;
  }

  clear(): void {
    this.#refused.length = 0;
    this.#problems.length = 0;
    this.#counts.clear();
  }

  /** All problems in the order of their places. */
  all(): Problem[] {
    const problems = [...this.#problems];
    for (const [checkId, count] of this.#counts) {
      const last = this.#problems.findLast((problem) => problem.checkId === checkId);
      if (count > MOST_OF_A_KIND && last !== undefined)
        problems.push({
          ...last,
          severity: "info",
          message: `${count - MOST_OF_A_KIND} more of this kind`,
          expected: null,
          suggestion: null,
        });
    }
    return problems.sort((a, b) => a.offset - b.offset);
  }
}
