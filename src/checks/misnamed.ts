import { bytesOf } from "../../grammar/bytes.ts";
import { joinAddress, splitAddress } from "../kubernetes/address-text.ts";
import { hashedChainName, isEndpointChainName } from "../kubernetes/chain-name.ts";
import { plainName } from "../kubernetes/read/names.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import { type ChainId, NONE } from "../netfilter/ruleset.ts";
import type { Context } from "./context.ts";

/** A chain of an endpoint that sends elsewhere than its own name says. */
export interface Misnamed {
  readonly port: ServicePort;
  readonly chain: ChainId;
  /** The Service port whose chain it is by name and comment, if another one's. */
  readonly owner: string | null;
  /** Where its DNAT rule sends. */
  readonly address: string;
  /** The address whose hash is the chain's name, where one of the chain's texts still has it. */
  readonly proven: string | null;
  readonly name: string;
}

const known = new WeakMap<Context, readonly Misnamed[]>();

/** Chains of endpoints whose name is not the hash of the Service port in their comments and the address in their DNAT rule. */
export function misnamedEndpoints(context: Context): readonly Misnamed[] {
  const found = known.get(context) ?? findMisnamed(context);
  known.set(context, found);
  return found;
}

function findMisnamed(context: Context): Misnamed[] {
  const { claims, endpoints, ruleset, suspects } = context;
  const found: Misnamed[] = [];
  for (const port of suspects.all) {
    const { name, protocol, nameEvidence } = port;
    if (name === null || protocol === null || nameEvidence !== "hash") continue;
    const owner = bytesOf(name + protocol.toLowerCase());
    const chains = port.endpointChains();
    for (let i = 0; i < chains.length; i++) {
      const chain = chains[i] as ChainId;
      if (endpoints.isSurelyNamed(chain, owner)) continue;
      const address = endpoints.address(chain);
      const chainName = ruleset.chainName(chain);
      if (address === null || isEndpointChainName(chainName, name, protocol, address)) continue;
      if (hashedChainName(chainName)?.wellFormed !== true) continue;
      const dnat = endpoints.dnatOf(chain);
      const own = dnat === NONE ? null : claims.name(dnat);
      const isOthers =
        own !== null && plainName(own) !== port.id && isEndpointChainName(chainName, own, protocol, address);
      const other = isOthers ? plainName(own) : null;
      const proven = otherAddresses(context, chain, address).find((each) =>
        isEndpointChainName(chainName, name, protocol, each),
      );
      found.push({ port, chain, owner: other, address, proven: proven ?? null, name: port.id ?? name });
    }
  }
  return found;
}

/** Addresses that the chain's other texts hold: the source of its mark, and the comments of the jumps to it. */
function otherAddresses({ claims, endpoints, ruleset }: Context, chain: ChainId, address: string): string[] {
  const found: string[] = [];
  const port = splitAddress(address)?.port ?? 0;
  const hairpin = endpoints.hairpinOf(chain);
  const source = hairpin === NONE ? null : (claims.value(hairpin, "endpointIP") ?? "").split("/")[0];
  if (source) found.push(joinAddress(source, port));
  for (const caller of ruleset.callers(chain).subarray(0, 4)) {
    const arrow = / -> (\S+)$/.exec(claims.comment(caller) ?? "")?.[1];
    if (arrow !== undefined) found.push(arrow);
  }
  return found;
}
