/** Server-sent events as bytes, and the places in the log that their ids name. */
import { type Inbox, longestPageBytes } from "@threadfold/contracts"
import type { RowChanges, StreamAudio } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { fitting, wellFormedJson } from "@threadfold/core/model"
import type { ReadRow } from "@threadfold/event-log"
import { Effect } from "effect"
import { boundedEventJson } from "../../bounds/boundedEvent.js"

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
  Buffer.from(`${id === null ? "" : `id: ${id}\n`}event: ${oneLine(event)}\ndata: ${oneLine(wellFormedJson(data))}\n\n`)

/** The frame of an event of the log. */
export const eventFrame = (logId: string, row: ReadRow): Frame => ({
  sequence: row.sequence,
  streamId: row.streamId,
  type: row.type,
  bytes: encode(formatCursor(logId, row.sequence), row.type, boundedEventJson(row)),
})

/** Bytes of an event of a stream beside its entries, at most. */
const aroundEntries = 1_024

/**
 * The frame of the rows of one stream that changed: one event of the stream, or several where one would be too long. Only the last one
 * has an id, because a reader resumes behind all of them.
 */
export const changesFrame = (logId: string, { changes, ...head }: RowChanges): Frame => {
  const events: Buffer[] = []
  for (let rest = changes; ; ) {
    const held = fitting(rest, longestPageBytes - aroundEntries)
    const more = held < rest.length
    const data = { ...head, changes: rest.slice(0, held), ...(more ? { more } : {}) }
    events.push(encode(more ? null : formatCursor(logId, head.sequence), "changes", JSON.stringify(data)))
    rest = rest.slice(held)
    if (!more) break
  }
  return { sequence: head.sequence, streamId: head.streamId, type: "changes", bytes: Buffer.concat(events) }
}

/** The frame of the inbox. */
export const inboxFrame = (logId: string, inbox: Inbox): Frame => ({
  sequence: inbox.sequence,
  streamId: "inbox",
  type: "inbox",
  bytes: encode(formatCursor(logId, inbox.sequence), "inbox", JSON.stringify(inbox)),
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

/** A piece of audio: it has no place in the log, so no id. */
export const audioFrame = (piece: StreamAudio): Buffer => encode(null, "audio", JSON.stringify(piece))

/** What a stream begins with: how long a reader should wait before it connects again. */
export const openingFrame = (retryMs: number): Buffer => Buffer.from(`retry: ${retryMs}\n\n`)

/** A sign of life that also says how far the log is, so that a reader sees what it waits for. */
export const heartbeatFrame = (head: number): Buffer => Buffer.from(`: head=${head}\n\n`)
