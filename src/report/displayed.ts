import { displayText } from "../../grammar/bytes.ts";

/** The same plain data with every byte string of a dump in it decoded for display; what needs no decoding is not copied. */
export function displayed<T>(value: T): T {
  if (typeof value === "string") return displayText(value) as T;
  if (typeof value !== "object" || value === null) return value;
  let decoded: Record<string, unknown> | null = null;
  for (const [key, item] of Object.entries(value)) {
    const shown = displayed(item);
    if (shown === item) continue;
    decoded ??= (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
    decoded[key] = shown;
  }
  return (decoded ?? value) as T;
}
