/** `50.0 %`; never 0.0 % or 100.0 % for what is not exactly that. */
export function percent(share: number): string {
  if (share <= 0) return "0.0 %";
  if (share >= 1) return "100.0 %";
  return `${Math.min(99.9, Math.max(0.1, share * 100)).toFixed(1)} %`;
}
