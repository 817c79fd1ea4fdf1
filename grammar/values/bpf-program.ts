import type { Codec } from "./codec.ts";

/** XT_BPF_MAX_NUM_INSTR */
const MOST = 64;

/** `4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0`: a count, then as many instructions of four numbers. */
export const bpfProgram: Codec<readonly (readonly number[])[]> = {
  name: "bpf-program",
  quoting: "always",
  parse(text) {
    const parts = text.split(",");
    const count = /^\d+$/.test(parts[0] as string) ? Number(parts[0]) : 0;
    const program = parts.slice(1).filter((part) => part !== "");
    if (
      count < 1 ||
      count > MOST ||
      program.length !== count ||
      !program.every((part) => /^\s*\d+ \d+ \d+ \d+$/.test(part))
    ) {
      return { expected: `a count up to ${MOST} and as many instructions of four numbers` };
    }
    return { value: program.map((part) => part.trim().split(" ").map(Number)) };
  },
  print: (program) => [program.length, ...program.map((instruction) => instruction.join(" "))].join(","),
};
