import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { deviationsOf } from "../../../src/checks/compare.ts";
import { type Context, contextsOf } from "../../../src/checks/context.ts";
import { NO_FACTS } from "../../../src/checks/facts.ts";
import { Exemplars } from "../../../src/kubernetes/proofs/exemplars.ts";
import { Judge } from "../../../src/kubernetes/proofs/judge.ts";
import { mapOf } from "../helpers/dumps.ts";
import { drafts, nodes, servicePorts, textOf } from "../helpers/made-up.ts";

afterEach(() => vi.restoreAllMocks());

/** Nothing is sound, so that all kinds of Service ports are compared. */
function contextOf(text: string): Context {
  vi.spyOn(Judge.prototype, "isPristine").mockReturnValue(false);
  const [context] = contextsOf([mapOf(text)], NO_FACTS);
  return context!;
}

/** Deviations where one Service port of each build stands for those that are like it, or none does. */
function deviationsIn(text: string, hasExemplars: boolean): string[] {
  const context = contextOf(text);
  const { source } = context.services;
  return deviationsOf(context, new Exemplars(source, hasExemplars ? 0 : Number.POSITIVE_INFINITY)).map(
    ({ port, kind, role, chainName, slot, expected, rule }) =>
      `${port.id} ${kind} ${role} ${chainName} ${slot} ${expected} ${rule}`,
  );
}

/** A few kinds of Services, three of each: they differ in names, addresses and ports. */
const texts = nodes.chain((node) =>
  fc
    .uniqueArray(drafts(node.family), { selector: ({ service }) => service, minLength: 1, maxLength: 4 })
    .map((kinds) => {
      const all = kinds.flatMap((draft) =>
        ["a", "bb", "c-c"].map((namespace, i) => ({
          ...draft,
          namespace,
          sharesNodePort: false,
          sharesClusterIP: false,
          port: ((draft.port + 7 * i) % 65_535) + 1,
          endpoints: draft.endpoints.map(([ip, port]): [string, number] => [moved(ip, i), port]),
        })),
      );
      return textOf(servicePorts(all, node), node);
    }),
);

/** Another address for each of the three. */
const moved = (ip: string, by: number): string =>
  ip.includes(":")
    ? ip.replace(/^[\da-f]+/, (first) => `${first.slice(0, -1)}${by}`)
    : ip.replace(/^\d+/, String(10 + by));

const edit = fc.tuple(fc.nat(), fc.nat(300), fc.nat(2), fc.constantFrom(..."0123456789.:/[] ,ATZa"));

test("with and without exemplars the deviations are the same", () => {
  fc.assert(
    fc.property(
      texts,
      fc.array(edit, { maxLength: 3 }),
      fc.nat(),
      fc.nat(),
      fc.nat(8),
      (text, edits, at, place, kind) => {
        const lines = text.split("\n");
        const own = lines.flatMap((line, i) => (/^-A KUBE-/.test(line) ? [i] : []));
        const [one, other] = [own[at % own.length] as number, own[place % own.length] as number];
        for (const [line, letter, much, put] of kind < 2 ? edits : []) {
          const i = own[line % own.length] as number;
          const old = lines[i] as string;
          const from = letter % (old.length + 1);
          lines[i] = old.slice(0, from) + put + old.slice(from + much);
        }
        if (kind === 2) lines.splice(one, 0, lines[one] as string);
        if (kind === 3) lines.splice(one, 1);
        if (kind === 4) [lines[one], lines[other]] = [lines[other] as string, lines[one] as string];
        // a word of another line
        if (kind === 5) {
          const words = (lines[one] as string).split(" ");
          const others = (lines[other] as string).split(" ");
          const k = place % words.length;
          words[k] = others[k] ?? "";
          lines[one] = words.join(" ");
        }
        // another digit
        if (kind > 5) {
          const digits = [...(lines[one] as string).matchAll(/\d/g)];
          const { index } = digits[place % digits.length] ?? { index: 0 };
          lines[one] = `${lines[one]?.slice(0, index)}${(place >> 4) % 10}${lines[one]?.slice(index + 1)}`;
        }
        const changed = lines.join("\n");
        expect(deviationsIn(changed, true)).toEqual(deviationsIn(changed, false));
      },
    ),
    { numRuns: Number(process.env["IPTLINT_RUNS"] ?? 300) },
  );
}, 120_000);
