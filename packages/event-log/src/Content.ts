/**
 * When two deliveries are one event: the same type, version, source time, native ids and payload, whatever the order of
 * the keys.
 */
import { canonicalJson } from "@threadfold/core"
import type { EventRow } from "./EventRow.js"

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

/** Whether two events have the same content. */
export const sameContent = (a: Content, b: Content): boolean =>
  a.type === b.type && a.v === b.v && a.at === b.at && sameJson(a.native, b.native) && sameJson(a.payload, b.payload)
