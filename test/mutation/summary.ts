import type { Verdict } from "./judge.ts";
import { otherConfiguration } from "./other-configurations.ts";

export interface Summary {
  readonly mutants: number;
  /** The trace differs. */
  readonly harmful: number;
  /** Of those, what kube-proxy writes for another configuration. */
  readonly configured: readonly (Verdict & { readonly configuration: string })[];
  readonly flagged: number;
  /** Harmful, no other configuration, and not flagged. */
  readonly survivors: readonly Verdict[];
  readonly harmless: number;
  /** Harmless, and flagged as error. */
  readonly alarms: readonly Verdict[];
}

const isFlagged = ({ said }: Verdict): boolean => said === "error" || said === "warning";

export function summarise(verdicts: readonly Verdict[]): Summary {
  const harmful = verdicts.filter(({ differs }) => differs !== null);
  const harmless = verdicts.filter(({ differs }) => differs === null);
  const configured = harmful.flatMap((verdict) => {
    const configuration = isFlagged(verdict) ? null : otherConfiguration(verdict.mutant);
    return configuration === null ? [] : [{ ...verdict, configuration }];
  });
  const judged = new Set(configured.map(({ mutant }) => mutant));
  const rest = harmful.filter(({ mutant }) => !judged.has(mutant));
  return {
    mutants: verdicts.length,
    harmful: harmful.length,
    configured,
    flagged: rest.filter(isFlagged).length,
    survivors: rest.filter((verdict) => !isFlagged(verdict)),
    harmless: harmless.length,
    alarms: harmless.filter(({ said }) => said === "error"),
  };
}

/** `KUBE-SVC` of `KUBE-SVC-NPX46M4PTMTKRN6Y`. */
const roleOf = (chain: string): string => chain.replace(/-[A-Z2-7]{16}$/, "");

const kindOf = ({ mutant }: Verdict): string =>
  [mutant.edit, mutant.part, "in", mutant.table, roleOf(mutant.chain)].filter((part) => part !== "").join(" ");

const percent = (part: number, whole: number): string => `${((100 * part) / Math.max(1, whole)).toFixed(2)} %`;

function counted<T>(items: readonly T[], key: (item: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return [...groups].sort((a, b) => b[1].length - a[1].length || (a[0] < b[0] ? -1 : 1));
}

const example = ({ mutant, differs, checks }: Verdict): string =>
  `      line ${mutant.line}${differs === null ? "" : `, ${differs}`}${checks.length === 0 ? "" : `, ${checks.join(" ")}`}\n      - ${mutant.before}\n      + ${mutant.after}\n`;

/** The figures of one dump on one line. */
export function inShort({ mutants, harmful, configured, flagged, harmless, alarms }: Summary): string {
  const left = harmful - configured.length;
  const parts = [
    `${mutants} judged`,
    `flagged ${flagged} of ${left} (${percent(flagged, left)})`,
    `other configurations ${configured.length} (${percent(configured.length, harmful)})`,
    `false errors ${alarms.length} of ${harmless} (${percent(alarms.length, harmless)})`,
  ];
  return parts.join(", ");
}

/** The figures, then survivors and false alarms by edit and chain, each kind with one example, or with all of them. */
export function printSummary(summary: Summary, all = false): string {
  const { mutants, harmful, configured, flagged, survivors, harmless, alarms } = summary;
  const shown = <T>(items: readonly T[]): readonly T[] => (all ? items : items.slice(0, 1));
  let out = `${mutants} mutants\n${harmful} change where some packet goes\n`;
  out += `  ${configured.length} of them (${percent(configured.length, harmful)}) equal another configuration\n`;
  out += `  ${flagged} of the other ${harmful - configured.length} are flagged (${percent(flagged, harmful - configured.length)})\n`;
  out += `${harmless} change nothing; ${alarms.length} of them (${percent(alarms.length, harmless)}) are flagged as error\n`;
  for (const [title, list] of [
    ["Survivors", survivors],
    ["Flagged as error though nothing changes", alarms],
  ] as const) {
    if (list.length > 0) out += `\n${title}\n`;
    for (const [kind, group] of counted(list, kindOf))
      out += `  ${group.length} ${kind}\n${shown(group).map(example).join("")}`;
  }
  if (configured.length > 0) out += "\nOther configurations\n";
  for (const [kind, group] of counted(configured, (verdict) => `${verdict.configuration}: ${kindOf(verdict)}`))
    out += `  ${group.length} ${kind}\n${shown(group).map(example).join("")}`;
  return out;
}
