/**
 * When two deliveries are one event: the same type, version, source time, native ids and payload, whatever the order of
 * the keys.
 */
import type { EventRow } from "./Driver.js"

/** JSON with the keys of every object in order: equal values have equal texts. */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`)
    return `{${members.join(",")}}`
  }
  return JSON.stringify(value) ?? "null"
}

const sameJson = (a: string | null, b: string | null): boolean => {
  if (a === b) return true
  if (a === null || b === null) return false
  try {
    return canonicalJson(JSON.parse(a)) === canonicalJson(JSON.parse(b))
  } catch {
    return false
  }
}

/** The part of an event that a repeated delivery must repeat. */
export type Content = Pick<EventRow, "type" | "v" | "at" | "native" | "payload">

/** Whether two events say the same. */
export const sameContent = (a: Content, b: Content): boolean =>
  a.type === b.type && a.v === b.v && a.at === b.at && sameJson(a.native, b.native) && sameJson(a.payload, b.payload)
