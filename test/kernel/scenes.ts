/** Addresses that generated rules and packets are about. */
export interface Scene {
  readonly family: 4 | 6;
  readonly own: readonly string[];
  readonly clients: readonly { readonly address: string; readonly interface: string }[];
  readonly others: readonly string[];
  readonly networks: readonly string[];
  /** As `ipset save` prints them. */
  readonly sets: string;
}

/** How the sets of both families are asked. */
export const SET_LOOKUPS = [
  "hosts src",
  "hosts dst",
  "nets src",
  "nets dst",
  "services dst,dst",
  "pairs src,dst",
  "flows src,dst,dst",
  "ports dst",
  "ways src,src",
  "marks dst,dst",
  "both src",
  "masked dst",
];

function setsOf(
  family: 4 | 6,
  [own, client, pod, service, away]: readonly [string, string, string, string, string],
  net: string,
  wide: string,
): string {
  const six = family === 6;
  const options = `family ${six ? "inet6" : "inet"} hashsize 1024 maxelem 65536`;
  return [
    `create hosts hash:ip ${options}`,
    `add hosts ${client}`,
    `add hosts ${service}`,
    `create nets hash:net ${options}`,
    `add nets ${wide}`,
    `add nets ${net} nomatch`,
    `add nets ${pod}`,
    `create services hash:ip,port ${options}`,
    `add services ${service},tcp:80`,
    `add services ${service},udp:53`,
    `add services ${own},tcp:30080`,
    `create pairs hash:net,net ${options}`,
    `add pairs ${wide},${service}`,
    `add pairs ${client},${wide}`,
    `create flows hash:ip,port,ip ${options}`,
    `add flows ${client},tcp:80,${service}`,
    `add flows ${pod},udp:443,${away}`,
    "create ports bitmap:port range 0-65535",
    "add ports 80",
    "add ports 443",
    `create ways hash:net,iface ${options}`,
    `add ways ${wide},eth0`,
    `add ways ${pod},cni0`,
    `create marks hash:ip,mark ${options}`,
    `add marks ${service},0x00000001`,
    `create masked hash:ip ${options} netmask ${six ? 112 : 24}`,
    `add masked ${service}`,
    "create both list:set size 8",
    "add both hosts",
    "add both nets",
    "",
  ].join("\n");
}

export const SCENES: Readonly<Record<4 | 6, Scene>> = {
  4: {
    family: 4,
    own: ["192.168.50.11", "203.0.113.10"],
    clients: [
      { address: "192.168.50.77", interface: "eth0" },
      { address: "198.51.100.7", interface: "eth0" },
      { address: "10.244.1.9", interface: "cni0" },
      { address: "10.244.1.13", interface: "cni0" },
    ],
    others: ["10.96.0.10", "10.96.0.20", "10.244.3.14", "198.51.100.200"],
    networks: [
      "10.96.0.0/16",
      "10.244.0.0/16",
      "192.168.50.0/24",
      "198.51.100.0/25",
      "127.0.0.0/8",
      "10.244.1.8/29",
      "10.0.0.10/255.0.0.255",
    ],
    sets: setsOf(
      4,
      ["192.168.50.11", "192.168.50.77", "10.244.1.9", "10.96.0.10", "198.51.100.200"],
      "10.244.1.0/24",
      "10.0.0.0/8",
    ),
  },
  6: {
    family: 6,
    own: ["fd00:50::11", "2001:db8:1::10"],
    clients: [
      { address: "fd00:50::77", interface: "eth0" },
      { address: "2001:db8:2::7", interface: "eth0" },
      { address: "fd00:10:244:1::9", interface: "cni0" },
      { address: "fd00:10:244:1::13", interface: "cni0" },
    ],
    others: ["fd00:10:96::10", "fd00:10:96::20", "fd00:10:244:3::14", "2001:db8:2::200"],
    networks: [
      "fd00:10:96::/112",
      "fd00:10:244::/48",
      "fd00:50::/64",
      "2001:db8:2::/64",
      "::1/128",
      "fd00:10:244:1::8/125",
    ],
    sets: setsOf(
      6,
      ["fd00:50::11", "fd00:50::77", "fd00:10:244:1::9", "fd00:10:96::10", "2001:db8:2::200"],
      "fd00:10:244:1::/64",
      "fd00::/16",
    ),
  },
};
