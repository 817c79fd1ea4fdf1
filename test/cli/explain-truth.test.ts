import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { run } from "../helpers/fake-io.ts";
import { describeShared, sharedPath } from "../helpers/shared.ts";

interface TrueServicePort {
  readonly id: string;
  readonly protocol: string;
  readonly family: 4 | 6;
  readonly nodePort: number;
  readonly externalTrafficPolicy: string;
  readonly clusterEndpoints: readonly string[];
  readonly localEndpoints: readonly string[];
}

/** Of a large node so many ports are asked for. */
const MOST_PORTS = 40;
const scenarios = /^(?:minimal|mixed|dualstack|small|large-\d+ep|detect-.*|realistic-node)$/;

describeShared("explain names the Service and the shares behind every NodePort", () => {
  test.each(["1.30.5-nft", "1.30.5-legacy", "1.20.2-nft", "1.30.5+nfacct-nft"])("%s", async (version) => {
    for (const scenario of readdirSync(sharedPath(`dumps/${version}`)).filter((name) => scenarios.test(name))) {
      const folder = sharedPath(`dumps/${version}/${scenario}`);
      if (existsSync(`${folder}/truth.json`)) await expectTruth(folder);
    }
  });
});

async function expectTruth(folder: string): Promise<void> {
  const { servicePorts } = JSON.parse(readFileSync(`${folder}/truth.json`, "utf8")) as {
    servicePorts: TrueServicePort[];
  };
  const dumps = new Map(
    ([4, 6] as const).flatMap((family) => {
      const file = `${folder}/${family === 6 ? "ip6" : "ip"}tables-save.txt`;
      return existsSync(file) ? [[family, readFileSync(file, "utf8")]] : [];
    }),
  );
  for (const port of servicePorts.filter(({ nodePort }) => nodePort > 0).slice(0, MOST_PORTS)) {
    const dump = dumps.get(port.family) ?? "";
    const { stdout } = await run(["explain", `${port.nodePort}/${port.protocol}`, "dump", "--format", "json"], {
      files: { dump },
    });
    const { answers } = JSON.parse(stdout);
    const answer = answers.find((each: { servicePort: TrueServicePort | null }) => each.servicePort?.id === port.id);
    const expected = port.externalTrafficPolicy === "Local" ? port.localEndpoints : port.clusterEndpoints;
    const shares: { address: string | null; share: number }[] = answer?.shares ?? [];
    const reached = shares.filter(({ address }) => address !== null);
    const seen = reached.map(({ address }) => address).sort();
    expect([folder, port.id, seen]).toEqual([folder, port.id, [...expected].sort()]);
    for (const { share } of reached) expect(share).toBeCloseTo(1 / expected.length, 6);
  }
}
