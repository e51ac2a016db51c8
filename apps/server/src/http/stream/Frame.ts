/** Server-sent events as bytes, and the places in the log that their ids name. */
import type { RowChanges } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { type EventRow, encodeEnvelopeJson } from "@threadfold/event-log"
import { Effect } from "effect"

/** A place in the log as streams name it: `<logId>.<sequence>`, or a bare sequence of this log. */
export interface StreamCursor {
  /** The log it belongs to; null: whichever is asked. */
  readonly logId: string | null
  /** The last event that was seen; 0: none. */
  readonly sequence: number
}

const pattern = /^(?:([A-Za-z0-9-]{1,64})\.)?(\d{1,16})$/

/** The `id` of an event of a stream. */
export const formatCursor = (logId: string, sequence: number): string => `${logId}.${sequence}`

/** Reads a cursor. Fails with `invalid-cursor`. */
export const parseCursor = (text: string): Effect.Effect<StreamCursor, Problem> => {
  const match = pattern.exec(text.trim())
  const sequence = Number(match?.[2])
  return match !== null && Number.isSafeInteger(sequence)
    ? Effect.succeed({ logId: match[1] ?? null, sequence })
    : Effect.fail(
        new Problem({ slug: "invalid-cursor", detail: "It is neither <logId>.<sequence> nor a sequence of the log." }),
      )
}

/** One event, encoded once for every stream that takes it. */
export interface Frame {
  readonly sequence: number
  readonly streamId: string
  readonly type: string
  readonly bytes: Buffer
}

/** A line break in a type of a newer version's, or of a hostile source's, would begin a field of its own. */
const oneLine = (text: string): string => text.replace(/[\r\n]/g, " ")

const encode = (id: string | null, event: string, data: string): Buffer =>
  Buffer.from(`${id === null ? "" : `id: ${id}\n`}event: ${oneLine(event)}\ndata: ${oneLine(data)}\n\n`)

/** The frame of an event of the log. */
export const eventFrame = (logId: string, row: EventRow): Frame => ({
  sequence: row.sequence,
  streamId: row.streamId,
  type: row.type,
  bytes: encode(formatCursor(logId, row.sequence), row.type, encodeEnvelopeJson(row)),
})

/** The frame of the rows of one stream that changed. */
export const changesFrame = (logId: string, changes: RowChanges): Frame => ({
  sequence: changes.sequence,
  streamId: changes.streamId,
  type: "changes",
  bytes: encode(formatCursor(logId, changes.sequence), "changes", JSON.stringify(changes)),
})

/** The frame for readers that keep a stream's rows: all of them were folded again. */
export const refoldedFrame = (logId: string, streamId: string, sequence: number): Frame => {
  const cursor = formatCursor(logId, sequence)
  const data = { reason: "refolded", snapshot: `/v1/threads/${streamId}/snapshot`, cursor }
  return { sequence, streamId, type: "reset", bytes: controlFrame(cursor, "reset", data) }
}

/** A word of the stream's own: `synced`, `reset`, `overflow`. */
export const controlFrame = (id: string | null, event: "synced" | "reset" | "overflow", data: object): Buffer =>
  encode(id, event, JSON.stringify(data))

/** What a stream begins with: how long a reader should wait before it connects again. */
export const openingFrame = (retryMs: number): Buffer => Buffer.from(`retry: ${retryMs}\n\n`)

/** A sign of life that also says how far the log is, so that a reader sees what it waits for. */
export const heartbeatFrame = (head: number): Buffer => Buffer.from(`: head=${head}\n\n`)
