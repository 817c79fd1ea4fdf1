/** What mends damage to the chains of a Service. kube-proxy rewrites them by itself only when the Service or its endpoints change. */
export const RESTART_KUBE_PROXY =
  "Find out who edited the chain, or it happens again. Then restart kube-proxy, which rewrites this chain otherwise only when the Service changes or at a full sync: kubectl -n kube-system delete pod -l k8s-app=kube-proxy --field-selector spec.nodeName=NODE (k3s, RKE2: restart the agent).";
