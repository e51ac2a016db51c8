/**
 * Reports about rows of a thread as far as they ride along: of long values the beginning, of long lists the first entries. Each says what
 * it leaves out. Pure, and beside {@link bounded}, by which everything in them is cut.
 */
import {
  type EventHead,
  longestPageBytes,
  longestTextBytes,
  type Truncated,
  type WhyReport,
} from "@threadfold/contracts"
import { bounded, fits, noSizes, textHref, utf8Length } from "./bounds.js"
import { isObject, type RowChange, type ThreadDiff } from "./diff.js"
import { isRowKind } from "./rowPath.js"
import { tableOfKind } from "./rowView.js"
import type { Divergence, WhatIf } from "./whatIf.js"

/** How much of a report is shown, from most to least: bytes of a text, and entries of a list. */
const steps = [
  { texts: longestTextBytes, entries: Number.POSITIVE_INFINITY },
  { texts: longestTextBytes / 4, entries: Number.POSITIVE_INFINITY },
  { texts: longestTextBytes / 16, entries: 100 },
  { texts: 1_024, entries: 20 },
  { texts: 256, entries: 4 },
  { texts: 64, entries: 1 },
] as const

/** The first of these that fits; where none does, the last one. */
const firstFitting = <A>(make: (step: (typeof steps)[number]) => A, bytes: number): A => {
  let made = make(steps[0])
  for (const step of steps.slice(1)) {
    if (fits(made, bytes)) return made
    made = make(step)
  }
  return made
}

/** Where fields of rows of a thread are read. */
export interface RowPlace {
  readonly threadId: string
  /** The one session of the document; null: it is not known, or there is none. */
  readonly sessionId: string | null
}

const unescaped = (part: string): string => part.replaceAll("~1", "/").replaceAll("~0", "~")

/** Where a field of a row is read by range, as it is now. @param row its path */
const fieldHref = ({ sessionId, threadId }: RowPlace, row: string, field: string): string => {
  const [kind = "", ...parts] = row.split("/")
  if (!isRowKind(kind)) return `/v1/threads/${threadId}/snapshot`
  const key = parts.map(unescaped)
  switch (kind) {
    case "thread":
    case "usage":
      return textHref(tableOfKind[kind], [threadId], field)
    case "session":
      return sessionId === null ? `/v1/threads/${threadId}/sessions` : textHref("sessions", [sessionId], field)
    case "anomalies":
      return textHref("anomalies", [threadId, ...key], field)
    default:
      return textHref(tableOfKind[kind], key, field)
  }
}

/** Values of fields, as far as they ride along. */
const boundedFields = <F extends { readonly field: string }>(
  place: RowPlace,
  row: string,
  fields: readonly F[],
  texts: number,
): readonly (F & { readonly truncated?: Truncated })[] =>
  fields.map((one) => bounded(one, () => fieldHref(place, row, one.field), noSizes, texts))

const boundedChange = (place: RowPlace, change: RowChange): RowChange =>
  firstFitting(
    ({ texts }) => ({ ...change, fields: boundedFields(place, change.row, change.fields, texts) }),
    partBytes,
  )

/** Of all rows those that a part of an answer holds: one in any case. No more of them are cut than it shows. */
const boundedChanges = (place: RowPlace, rows: readonly RowChange[], bytes: number): readonly RowChange[] => {
  const shown: RowChange[] = []
  let room = bytes
  for (const row of rows.slice(0, mostRows)) {
    const change = boundedChange(place, row)
    room -= utf8Length(JSON.stringify(change)) + 1
    if (room < 0 && shown.length > 0) break
    shown.push(change)
  }
  return shown
}

/** Rows of an answer at most. */
const mostRows = 500
/** Room of a patch and of the rows of a divergence, bytes. */
const partBytes = longestPageBytes / 4

/** A difference as it rides along. */
export interface BoundedDiff {
  readonly rows: readonly RowChange[]
  /** How many rows are passed over for those that follow; null: none follow. */
  readonly next: number | null
  /** Null: it is longer than rides along. A part of a patch would lead to no document. */
  readonly patch: ThreadDiff["patch"] | null
}

const boundedPatch = (patch: ThreadDiff["patch"]): ThreadDiff["patch"] | null => (fits(patch, partBytes) ? patch : null)

/** What changed, as far as it rides along. @param after rows that are passed over */
export const boundedDiff = (
  { patch, rows }: ThreadDiff,
  place: RowPlace,
  { after = 0, limit = mostRows }: { readonly after?: number | undefined; readonly limit?: number | undefined },
): BoundedDiff => {
  const shown = boundedChanges(place, rows.slice(after, after + limit), longestPageBytes - partBytes - 1_024)
  const end = after + shown.length
  return { rows: shown, next: end < rows.length ? end : null, patch: boundedPatch(patch) }
}

/** What would be different, as it rides along. */
export interface BoundedWhatIf extends Omit<WhatIf, "first" | "patch"> {
  readonly first: (Divergence & { readonly more: boolean }) | null
  readonly patch: ThreadDiff["patch"] | null
  /** Whether more rows differ than are here. */
  readonly more: boolean
}

/** What would be different, as far as it rides along. */
export const boundedWhatIf = (found: WhatIf, place: RowPlace): BoundedWhatIf => {
  const rows = boundedChanges(place, found.rows, partBytes)
  const first = found.first === null ? [] : boundedChanges(place, found.first.rows, partBytes)
  return {
    ...found,
    first: found.first && { ...found.first, rows: first, more: first.length < found.first.rows.length },
    rows,
    patch: boundedPatch(found.patch),
    more: rows.length < found.rows.length,
  }
}

/** Where the payload of an event, or what its agent wrote, is read. */
const eventHref = ({ sequence }: Pick<EventHead, "sequence">, isNative: boolean): string =>
  `/v1/events/${sequence}/text${isNative ? "?field=nativeBody" : ""}`

/** The answer of `why`, as far as it rides along. */
export const boundedWhy = (report: WhyReport, place: RowPlace): WhyReport => {
  const { causes, event, row } = report
  const head = row?.setBy.event ?? event?.event ?? { sequence: 0 }
  const [path = "", field = null] = row?.path.split("#") ?? []
  return firstFitting(({ entries, texts }): WhyReport => {
    const set = (one: NonNullable<typeof row>["setBy"]) => ({
      ...one,
      fields: boundedFields(place, path, one.fields, texts),
    })
    /** A whole row says itself what is cut of it, as in a list. */
    const valued = (one: NonNullable<typeof row>) =>
      field !== null || !isObject(one.value)
        ? bounded({ value: one.value }, () => fieldHref(place, path, field ?? ""), noSizes, texts)
        : { value: bounded(one.value, (name) => fieldHref(place, path, name), noSizes, texts) }
    return {
      ...report,
      row: row && {
        ...row,
        ...valued(row),
        setBy: set(row.setBy),
        earlier: row.earlier.slice(0, entries).map(set),
        hasMore: row.hasMore || row.earlier.length > entries,
      },
      event: event && {
        ...event,
        changed: event.changed
          .slice(0, entries)
          .map((one) => ({ ...one, fields: boundedFields(place, one.row, one.fields, texts) })),
        anomalies: event.anomalies
          .slice(0, entries)
          .map((one) => bounded(one, (name) => fieldHref(place, one.row, name), noSizes, texts)),
        more: Math.max(event.changed.length, event.anomalies.length) > entries,
      },
      causes: causes.map((one) =>
        bounded(
          one,
          () => eventHref({ sequence: one.sequence ?? head.sequence }, one.kind === "native"),
          noSizes,
          texts,
        ),
      ),
    }
  }, longestPageBytes - 1_024)
}
