/** Events as rows of the log. The pieces of a text that streams are one row for each item, until a person opens it. */
import type { EventEnvelope } from "@threadfold/contracts"
import { entryOf } from "../../format/format.js"

/** An event as a page of the log has it. */
export type LogEvent = EventEnvelope & {
  readonly truncated?: Readonly<Record<string, { readonly bytes: number; readonly href: string }>>
}

/** Pieces of one text that follow each other, maybe with other events between them. */
export interface FoldedRow {
  readonly kind: "folded"
  readonly key: string
  /** What the pieces have in common. */
  readonly of: string
  readonly first: LogEvent
  readonly last: number
  readonly count: number
  /** The beginning of what the pieces hold together. */
  readonly text: string
  readonly open: boolean
}

export interface EventRow {
  readonly kind: "event"
  readonly key: string
  readonly event: LogEvent
  /** It is one of the pieces of a row that was opened. */
  readonly piece: boolean
}

export type LogRow = EventRow | FoldedRow

/** Types of events that come by the dozen and are pieces of one thing. */
const ownerOf: Readonly<Record<string, (event: LogEvent) => string | null>> = {
  "content.delta": ({ itemId }) => itemId,
  "turn.proposed.delta": ({ turnId }) => turnId,
  "realtime.transcript.delta": ({ realtimeId }) => realtimeId,
  "realtime.audio": ({ realtimeId }) => realtimeId,
  "task.progress": ({ taskId }) => taskId,
}

/** Characters of the joined pieces that a row holds. */
const longestText = 200

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const deltaOf = ({ payload }: LogEvent): string =>
  isRecord(payload) && typeof payload.delta === "string" ? payload.delta : ""

/** What pieces of one row have in common; null: the event stands for itself. */
export const foldKeyOf = (event: LogEvent): string | null => {
  const of = entryOf(ownerOf, event.type)?.(event) ?? null
  if (of === null) return null
  const stream = isRecord(event.payload) && typeof event.payload.stream === "string" ? event.payload.stream : ""
  return `${event.type} ${of} ${stream}`
}

const rowOf = (event: LogEvent, piece: boolean): EventRow => ({
  kind: "event",
  key: String(event.sequence),
  event,
  piece,
})

/** How the rows of a page are made. */
export interface Folding {
  readonly fold: boolean
  /** Pieces that are shown one by one, by what they have in common. */
  readonly open: ReadonlySet<string>
  /** Pieces whose row stands on the page before. */
  readonly continued: ReadonlyMap<string, unknown>
}

/**
 * The rows of events in their order. Folded, pieces of one text are one row where the first of them stands; those that are opened have
 * their pieces behind it, where they stand.
 */
export const rowsOf = (events: readonly LogEvent[], { continued, fold, open }: Folding): readonly LogRow[] => {
  if (!fold) return events.map((event) => rowOf(event, false))
  const rows: LogRow[] = []
  const places = new Map<string, number>()
  for (const event of events) {
    const of = foldKeyOf(event)
    if (of === null) {
      rows.push(rowOf(event, false))
      continue
    }
    const place = places.get(of)
    const known = place === undefined ? undefined : rows[place]
    if (place !== undefined && known?.kind === "folded") {
      const text = known.text.length < longestText ? (known.text + deltaOf(event)).slice(0, longestText) : known.text
      rows[place] = { ...known, last: event.sequence, count: known.count + 1, text }
    } else if (!continued.has(of)) {
      places.set(of, rows.length)
      const text = deltaOf(event).slice(0, longestText)
      const key = `${event.sequence} ${of}`
      rows.push({ kind: "folded", key, of, first: event, last: event.sequence, count: 1, text, open: open.has(of) })
    }
    if (open.has(of)) rows.push(rowOf(event, true))
  }
  return rows
}

/** Pieces of one text on a page. */
export interface Pieces {
  readonly count: number
  readonly last: number
}

/** How many pieces of each text there are among events. */
export const piecesIn = (events: readonly LogEvent[]): ReadonlyMap<string, Pieces> => {
  const found = new Map<string, Pieces>()
  for (const event of events) {
    const of = foldKeyOf(event)
    if (of !== null) found.set(of, { count: (found.get(of)?.count ?? 0) + 1, last: event.sequence })
  }
  return found
}

/** Sequence of the first event of a row. */
export const sequenceOf = (row: LogRow): number => (row.kind === "event" ? row.event.sequence : row.first.sequence)

/** Fields of a payload that say most of an event, the best first. */
const telling = [
  "title",
  "text",
  "delta",
  "message",
  "error",
  "outcome",
  "status",
  "state",
  "decision",
  "reason",
  "kind",
  "name",
  "model",
  "provider",
  "nativeType",
  "method",
]

/** Fields that are told beside one of those, in few words. */
const beside = ["kind", "status", "outcome", "decision", "reason", "exitCode"]

const wordsOf = (value: unknown): string | null => {
  if (typeof value === "string") return value === "" ? null : value
  if (typeof value === "number" || typeof value === "boolean") return String(value)
  return isRecord(value) && typeof value.message === "string" ? value.message : null
}

/** One line about an event. */
export const summaryOf = ({ payload }: LogEvent): string => {
  if (!isRecord(payload)) return payload === null ? "" : (wordsOf(payload) ?? "")
  const name = telling.find((one) => wordsOf(payload[one]) !== null)
  const about = name === undefined ? "" : (wordsOf(payload[name]) ?? "")
  const facts = beside.flatMap((one) => {
    const words = one === name ? null : wordsOf(payload[one])
    return words === null ? [] : [words]
  })
  // Most of a long text would not be seen.
  return [about.slice(0, longestText * 2), ...facts]
    .filter((words) => words !== "")
    .join(" · ")
    .replace(/\s+/g, " ")
}

/** The first word of a type: what it is about. */
export const familyOf = (type: string): string => type.slice(0, Math.max(0, type.indexOf("."))) || type
