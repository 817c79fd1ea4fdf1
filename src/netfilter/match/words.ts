/** The words of a comma list, typed or not. */
export function wordsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return value.split(",");
  return Array.isArray(value) ? (value as string[]) : [];
}
