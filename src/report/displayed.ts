import { displayText } from "../../grammar/bytes.ts";

/** The same plain data with every byte string of a dump in it decoded for display. */
export function displayed<T>(value: T): T {
  if (typeof value === "string") return displayText(value) as T;
  if (Array.isArray(value)) return value.map(displayed) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, displayed(item)])) as T;
}
