import { describe, expect, test } from "vitest";
import {
  endpointChain,
  hashedChainName,
  parseServicePortName,
  printServicePortName,
  provenSpelling,
  servicePortChain,
} from "../../src/kubernetes/chain-name.ts";

describe("chain names", () => {
  test.each([
    ["svc", "default/my-nodeport-service", "tcp", "KUBE-SVC-BD5WSPTUEZLLHMHD"],
    ["svc", "default/kubernetes:https", "TCP", "KUBE-SVC-NPX46M4PTMTKRN6Y"],
    ["ext", "default/web:http", "tcp", "KUBE-EXT-CDGGSHYLG3RE2FKL"],
    ["svc", "kube-system/kube-dns:dns", "udp", "KUBE-SVC-TCOU7JCQXEZGVUNU"],
    ["svc", "default/hostnames:", "tcp", "KUBE-SVC-NWV5X2332I4OT4T3"],
  ] as const)("%s of %s/%s", (role, name, protocol, chain) => {
    expect(servicePortChain(role, name, protocol)).toBe(chain);
  });

  test.each([
    ["default/my-nodeport-service", "tcp", "10.244.1.5:80", "KUBE-SEP-LTIVLC7GT4RU5YAH"],
    ["default/web:http", "tcp", "[fd00:10:244:3::e]:8080", "KUBE-SEP-3YSKFLDWBHFIPLAA"],
  ])("endpoint of %s/%s at %s", (name, protocol, address, chain) => {
    expect(endpointChain(name, protocol, address)).toBe(chain);
  });

  test.each([
    ["KUBE-SVC-BD5WSPTUEZLLHMHD", { role: "svc", suffix: "BD5WSPTUEZLLHMHD", wellFormed: true }],
    ["KUBE-SEP-ZZZZZ", { role: "sep", suffix: "ZZZZZ", wellFormed: false }],
    ["KUBE-XLB-BD5WSPTUEZLLHMH1", { role: "xlb", suffix: "BD5WSPTUEZLLHMH1", wellFormed: false }],
    ["KUBE-FW-LKP54U6J547NTK3K", { role: "fw", suffix: "LKP54U6J547NTK3K", wellFormed: true }],
    ["KUBE-FW-OUTPUT", null],
    ["KUBE-SVC-", null],
    ["KUBE-SERVICES", null],
    ["KUBE-POD-FW-BD5WSPTUEZLLHMHD", null],
    ["", null],
  ])("classifies %s", (name, expected) => {
    expect(hashedChainName(name)).toEqual(expected);
  });

  test.each([
    ["default/web:http", "default", "web", "http", false],
    ["default/web", "default", "web", "", false],
    ["default/web:", "default", "web", "", true],
  ])("reads the name %s", (text, namespace, service, portName, trailingColon) => {
    const name = parseServicePortName(text);
    expect(name).toEqual({ namespace, service, portName, trailingColon });
    expect(printServicePortName(name as NonNullable<typeof name>, trailingColon)).toBe(text);
  });

  test.each(["web", "a/b/c", "a b/c", "", "/x", "default/", "kubernetes service portals"])("%j is no name", (text) => {
    expect(parseServicePortName(text)).toBeNull();
  });

  test("a name is proven in either spelling, and refuted otherwise", () => {
    expect(provenSpelling("default/hostnames", "tcp", "NWV5X2332I4OT4T3")).toBe("default/hostnames:");
    expect(provenSpelling("default/hostnames:", "tcp", "NWV5X2332I4OT4T3")).toBe("default/hostnames:");
    expect(provenSpelling("default/my-nodeport-service:", "tcp", "BD5WSPTUEZLLHMHD")).toBe(
      "default/my-nodeport-service",
    );
    expect(provenSpelling("default/web:http", "tcp", "BD5WSPTUEZLLHMHD")).toBeNull();
  });
});
