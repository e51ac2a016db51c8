/**
 * What changed of a thread between two moments: the rows and fields for people, and the same as a JSON Patch (RFC 6902) from the
 * first `thread --json` document to the second. Pure, and linear in the documents.
 */
import type { ThreadSnapshot } from "@threadfold/contracts"
import { escaped, formatRowPath, isRowKind, type RowKind, rowKinds } from "./rowPath.js"

/** A value of JSON. */
export type Json = unknown
/** An object of JSON. */
export type JsonObject = Readonly<Record<string, Json>>

/** One step of a patch, as RFC 6902 has it. */
export type PatchOperation =
  | { readonly op: "add" | "replace"; readonly path: string; readonly value: Json }
  | { readonly op: "remove"; readonly path: string }
  | { readonly op: "move"; readonly from: string; readonly path: string }

/** What became of one row. */
export interface RowChange {
  /** The list and the key of the row, for example `turns/0192…`; `thread`, `session`, `usage` stand alone. */
  readonly row: string
  readonly change: "added" | "removed" | "changed"
  /** The turn that the row belongs to; null for rows of no turn. */
  readonly turnId: string | null
  /** The fields that differ, in the order of the document. Of an added or removed row: all that are not null. */
  readonly fields: readonly FieldChange[]
}

/** One field of a row. Absent is null. */
export interface FieldChange {
  readonly field: string
  readonly before: Json
  readonly after: Json
}

export interface ThreadDiff {
  readonly rows: readonly RowChange[]
  readonly patch: readonly PatchOperation[]
}

/** Whether a value is an object of JSON. */
export const isObject = (value: Json): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Whether two values of JSON are the same. The order of fields does not count. */
export const same = (a: Json, b: Json): boolean => {
  if (a === b) return true
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((one, at) => same(one, b[at]))
  if (!isObject(a) || !isObject(b)) return false
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => name in b && same(a[name], b[name]))
}

/** Patches one value into another: objects field by field, everything else as a whole. */
const patchValue = (path: string, before: Json, after: Json, patch: PatchOperation[]): void => {
  if (same(before, after)) return
  if (!isObject(before) || !isObject(after)) {
    patch.push({ op: "replace", path, value: after })
    return
  }
  for (const name of Object.keys(before)) {
    if (!(name in after)) patch.push({ op: "remove", path: `${path}/${escaped(name)}` })
  }
  for (const name of Object.keys(after)) {
    const place = `${path}/${escaped(name)}`
    if (name in before) patchValue(place, before[name], after[name], patch)
    else patch.push({ op: "add", path: place, value: after[name] })
  }
}

const pathOf = (list: RowKind, row: JsonObject): string =>
  formatRowPath(
    list,
    rowKinds[list].key.map((name) => String(row[name])),
  )

/** The fields in which two rows differ; absent is null. */
export const changedFields = (before: JsonObject, after: JsonObject): readonly FieldChange[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .map((field) => ({ field, before: before[field] ?? null, after: after[field] ?? null }))
    .filter((one) => !same(one.before, one.after))

const turnOf = ({ turnId }: JsonObject): string | null => (typeof turnId === "string" ? turnId : null)

class Difference {
  readonly rows: RowChange[] = []
  readonly patch: PatchOperation[] = []

  /** A row that stands alone: a thread has one of it, or none. */
  single(name: string, before: Json, after: Json): void {
    if (same(before, after)) return
    const from = isObject(before) ? before : {}
    const to = isObject(after) ? after : {}
    const change = !isObject(before) ? "added" : isObject(after) ? "changed" : "removed"
    this.rows.push({ row: name, change, turnId: null, fields: changedFields(from, to) })
    patchValue(`/${name}`, before, after, this.patch)
  }

  list(name: RowKind, before: readonly JsonObject[], after: readonly JsonObject[]): void {
    const old = new Map(before.map((row) => [pathOf(name, row), row]))
    const wanted = after.map((row) => pathOf(name, row))
    const kept = new Set(wanted)
    /** The keys as the patch has left them so far. */
    const order = before.map((row) => pathOf(name, row))
    for (let at = order.length - 1; at >= 0; at--) {
      const key = order[at] ?? ""
      if (kept.has(key)) continue
      this.patch.push({ op: "remove", path: `/${name}/${at}` })
      order.splice(at, 1)
      const row = old.get(key) ?? {}
      this.rows.push({ row: key, change: "removed", turnId: turnOf(row), fields: changedFields(row, {}) })
    }
    for (const [at, row] of after.entries()) {
      const key = wanted[at] ?? ""
      const was = old.get(key)
      const place = `/${name}/${at}`
      if (was === undefined) {
        this.patch.push({ op: "add", path: place, value: row })
        order.splice(at, 0, key)
        this.rows.push({ row: key, change: "added", turnId: turnOf(row), fields: changedFields({}, row) })
        continue
      }
      if (order[at] !== key) {
        // Seldom: an anomaly that happened again, a queue that was put in another order.
        const from = order.indexOf(key, at)
        this.patch.push({ op: "move", from: `/${name}/${from}`, path: place })
        order.splice(from, 1)
        order.splice(at, 0, key)
      }
      const fields = changedFields(was, row)
      if (fields.length === 0) continue
      this.rows.push({ row: key, change: "changed", turnId: turnOf(row), fields })
      patchValue(place, was, row, this.patch)
    }
  }
}

/**
 * What changed from one snapshot of a thread to another; in the order of the document.
 *
 * @param before null: the thread was not there, and everything is new
 */
export const diffSnapshots = (before: ThreadSnapshot | null, after: ThreadSnapshot): ThreadDiff => {
  const difference = new Difference()
  const old: JsonObject = { ...before }
  for (const [name, value] of Object.entries(after)) {
    const was = old[name] ?? (Array.isArray(value) ? [] : null)
    if (isRowKind(name) && Array.isArray(value) && Array.isArray(was)) difference.list(name, was, value)
    else if (name === "sequence") patchValue("/sequence", was, value, difference.patch)
    else difference.single(name, was, value)
  }
  return { rows: difference.rows, patch: difference.patch }
}
