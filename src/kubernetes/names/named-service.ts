/** A Service as a list of Services names it. `null`: the list does not say. Texts are byte strings. */
export interface NamedService {
  readonly namespace: string | null;
  readonly name: string;
  /** `null`: the list has names alone. */
  readonly ports: readonly NamedPort[] | null;
  readonly clusterIPs: readonly string[];
  /** External IPs and addresses of its load balancers. */
  readonly externalIPs: readonly string[];
}

export interface NamedPort {
  /** "" when the port has no name; `null` when the list leaves names of ports out. */
  readonly name: string | null;
  readonly port: number;
  /** `tcp`, `udp`, `sctp` */
  readonly protocol: string;
  /** 0: none. */
  readonly nodePort: number;
}
