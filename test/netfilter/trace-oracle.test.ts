import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readAddress } from "../../grammar/values/address.ts";
import { buildStore } from "../../src/netfilter/build.ts";
import { rulesetsOf } from "../../src/netfilter/rulesets.ts";
import { trace } from "../../src/netfilter/trace/trace.ts";
import { describeShared, sharedPath } from "../helpers/shared.ts";

interface Probe {
  readonly probe: string;
  readonly options: readonly string[];
  readonly packet: { readonly src: string; readonly dst: string; readonly proto: string; readonly dport: number };
  /** `15 FORWARDED(orcout) dnat=10.244.1.13:8080 snat=yes` */
  readonly result: readonly string[];
}

const bits = (text: string): bigint => readAddress(text, { family: null })?.bits ?? 0n;

/** The bed of the oracle: everything that is not local leaves by orcout, the client is behind the interface it sends by. */
function ask(dump: Uint8Array, { options, packet }: Probe): Map<string, number> {
  const [ruleset] = rulesetsOf(buildStore(dump));
  const at = options.indexOf("-i");
  const from = at < 0 ? "eth0" : (options[at + 1] as string);
  const given = options.filter((_, i) => options[i - 1] === "-l");
  const local = from === "local";
  const own = [...(given.length > 0 ? given : ["192.168.50.11"]), "198.19.0.1", "198.18.0.1"];
  const facts = {
    addresses: (local ? [...own, packet.src] : own).map(bits),
    routes: [
      { bits: 0n, mask: 0n, interface: "orcout" },
      ...(local ? [] : [{ bits: bits(packet.src), mask: 0xffffffffn, interface: from }]),
    ],
    interfaceAddresses: new Map<string, bigint>(),
    sets: new Map(),
  };
  const question = {
    family: 4,
    source: bits(packet.src),
    destination: bits(packet.dst),
    protocol: packet.proto === "tcp" ? 6 : 17,
    destinationPort: packet.dport,
    ...(local ? { local } : { inInterface: from }),
  } as const;
  const found = new Map<string, number>();
  for (const end of trace(ruleset!, question, facts).ends) {
    const fate = end.fate === "forwarded" ? `FORWARDED(${end.outInterface})` : end.fate.toUpperCase();
    const source = end.snat === null ? "-" : end.snat ? "yes" : "no";
    const assuming = end.assumptions.length > 0 ? " under an assumption" : "";
    const key = `${fate} dnat=${end.dnat ?? "none"} snat=${source}${assuming}`;
    found.set(key, (found.get(key) ?? 0) + end.share);
  }
  return found;
}

function kernelSays({ result }: Probe): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of result) {
    const [, count, rest] = /^(\d+) (.*)$/.exec(line)!;
    // the oracle says "-" where it did not see the packet after nat, which a packet dropped before it has none of
    found.set(rest!.replace(/REJECTED\(\w+\)/, "REJECTED").replace("dnat=-", "dnat=none"), Number(count));
  }
  return found;
}

describeShared("the real kernel", () => {
  const dumps = sharedPath("dumps");
  const folders = readdirSync(dumps)
    .map((version) => join(dumps, version, "faults"))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((folder) => existsSync(join(folder, "oracle.json")));

  test.each(folders.map((folder) => [folder.slice(dumps.length + 1), folder]))("agrees about %s", (_name, folder) => {
    const dump = readFileSync(join(folder, "iptables-save.txt"));
    const probes = JSON.parse(readFileSync(join(folder, "oracle.json"), "utf8")) as Probe[];
    for (const probe of probes) {
      const expected = kernelSays(probe);
      const total = [...expected.values()].reduce((sum, count) => sum + count, 0);
      const found = ask(dump, probe);
      expect([...found.keys()].sort(), probe.probe).toEqual([...expected.keys()].sort());
      for (const [fate, count] of expected) {
        const share = found.get(fate)!;
        // six standard deviations: some thousand shares are compared
        const allowed = 6 * Math.sqrt((share * (1 - share)) / total) + 1e-9;
        expect(Math.abs(count / total - share), `${probe.probe}: share of ${fate}`).toBeLessThanOrEqual(allowed);
      }
    }
  });

  test("is asked about as many packets as there are answers", () => {
    expect(folders.length).toBeGreaterThan(70);
  });
});
