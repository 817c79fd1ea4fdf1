import { expect, test } from "vitest";
import { deviationsIn } from "./helpers/deviations.ts";
import { fileOf, fixtures, mapOf } from "./helpers/dumps.ts";

const base = { name: "mixed", folder: `${fixtures}/1.30.5-nft/mixed` };
const text = new TextDecoder("latin1").decode(fileOf(base, "iptables-save.txt") as Uint8Array);
const chain = "KUBE-FW-LKP54U6J547NTK3K";
const rest = `-A ${chain} -m comment --comment "other traffic`;

test("iptables-save prints the range 0.0.0.0/0 as no range at all", () => {
  const everywhere = `-A ${chain} -m comment --comment "prod/lb-cluster:https loadbalancer IP" -j KUBE-EXT-LKP54U6J547NTK3K\n`;
  const map = mapOf(text.replace(rest, everywhere + rest));
  const [port] = map.byName("prod/lb-cluster:https");
  expect(port?.loadBalancerSourceRanges).toContain("0.0.0.0/0");
  expect(deviationsIn(map)).toEqual([]);
});

test("the same rule without kube-proxy's comment is somebody else's", () => {
  const map = mapOf(text.replace(rest, `-A ${chain} -j KUBE-EXT-LKP54U6J547NTK3K\n${rest}`));
  const [port] = map.byName("prod/lb-cluster:https");
  expect(port?.loadBalancerSourceRanges).toEqual(["198.51.100.0/24", "192.168.50.0/24"]);
  expect(deviationsIn(map)).toEqual(['unexpected "" of prod/lb-cluster:https']);
});
