import { nearest } from "../../grammar/nearest.ts";
import type { CheckDocumentation } from "../checks/check.ts";
import { documentedChecks } from "../checks/documented.ts";
import { renderCheck, renderCheckList } from "../report/checks-text.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { type Io, UsageError } from "./io.ts";
import { type LookOptions, lookFor } from "./look.ts";
import { print } from "./print.ts";

/** Sorted by name: the order of the checks among themselves is theirs. */
const documented: readonly CheckDocumentation[] = documentedChecks.toSorted((a, b) => (a.id < b.id ? -1 : 1));

/** `iptlint checks [id]` */
export function checksCommand(id: string | undefined, options: LookOptions, io: Io): ExitCode {
  const look = { ...lookFor(options, io), quiet: false };
  if (id === undefined) {
    print(renderCheckList(documented, look), io);
    return exitCodes.ok;
  }
  const check = documented.find((each) => each.id === id);
  if (check === undefined) {
    const near = nearest(
      id,
      documented.map((each) => each.id),
    );
    throw new UsageError(`there is no check ${id}${near === null ? "" : `; did you mean ${near}?`}`);
  }
  print(renderCheck(check, look), io);
  return exitCodes.ok;
}
