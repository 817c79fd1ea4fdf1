import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { balanceOf, probabilityText, shares, threshold } from "../../src/kubernetes/balance.ts";

const shared = process.env["IPTLINT_SHARED"];

describe("shares of endpoints", () => {
  test("three endpoints get a third each, on the grid of the kernel", () => {
    const parts = ["0.33333333349", "0.50000000000", null].map(threshold);
    expect(parts).toEqual([715827883, 1073741824, 2147483648]);
    const third = shares(parts);
    expect(third.reduce((sum, share) => sum + share)).toBeCloseTo(1, 15);
    for (const share of third) expect(Math.abs(share - 1 / 3)).toBeLessThan(3e-10);
    expect(balanceOf(parts)).toBe("even");
  });

  test.each([
    ["0.33332999982", "even-five-digits"],
    ["0.16666999971", "uneven"],
    ["0.3333", "uneven"],
    ["0.25000000000", "uneven"],
  ])("first of three at %s is %s", (first, balance) => {
    expect(balanceOf([threshold(first), threshold("0.5"), threshold(null)])).toBe(balance);
  });

  test("a missing last jump lets connections through", () => {
    const parts = ["0.33333333349", "0.5"].map(threshold);
    expect(shares(parts).reduce((sum, share) => sum + share)).toBeCloseTo(2 / 3, 8);
    expect(balanceOf(parts)).toBe("uneven");
  });

  test.each([2, 3, 6, 7, 50, 1000, 5000])("what kube-proxy writes for %i endpoints is even", (n) => {
    const all = Array.from({ length: n }, (_, i) => threshold(probabilityText(i, n, 10)));
    expect(balanceOf(all)).toBe("even");
  });

  test.each([5, 450, 1000])("five decimals for %i endpoints are told from a jump that stands twice", (n) => {
    const written = Array.from({ length: n }, (_, i) => threshold(probabilityText(i, n, 5)));
    expect(balanceOf(written)).toBe("even-five-digits");
    const even = Array.from({ length: n }, (_, i) => threshold(probabilityText(i, n, 10)));
    expect(balanceOf([...even.slice(0, 2), ...even.slice(1)])).toBe("uneven");
  });

  test.skipIf(shared === undefined)("prints what iptables-save printed for 2 to 50 endpoints", () => {
    const rows = readFileSync(`${shared}/dumps/probabilities.tsv`, "utf8").trim().split("\n").slice(1);
    expect(rows.length).toBeGreaterThan(40);
    for (const row of rows) {
      const cells = row.split("\t");
      const printed = cells.find((cell) => /^0\.\d{11}$/.test(cell));
      expect(probabilityText(0, Number(cells[0]), 10)).toBe(printed);
    }
  });
});
