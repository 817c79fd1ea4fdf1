/** A dump of about so many rules of a made-up node. */
export function kubeProxyDump(
  rules: number,
  options?: { readonly layout?: "ext" | "xlb"; readonly comments?: boolean; readonly nfacct?: boolean },
): string;
