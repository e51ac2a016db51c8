/** Where verify and rebuild get events from: what they need of a log, and no more. */

import type { EventEnvelope } from "@threadfold/contracts"
import { compareText, type TableRow, tombstoneTables } from "@threadfold/core/model"
import type { ProjectionStore } from "./ProjectionStore.js"

/** Events by stream. */
export interface EventSource {
  /** Whether a purge of the stream is still removing its rows: those that are left of them count as gone. Absent: none is. */
  readonly isPurging?: (streamId: string) => boolean
  /** Events of a stream with a version above `afterVersion`, oldest first, at most `limit`. */
  readonly read: (streamId: string, afterVersion: number, limit: number) => readonly EventEnvelope[]
  /** Ids of the streams that have events, in order of their UTF-8 bytes, after `after` (exclusive), at most `limit`. */
  readonly streams: (after: string | null, limit: number) => readonly string[]
}

/** The same source. After each page that is read `onEvents` is called with how many events were read so far, of `total` at most. */
export const countedSource = (source: EventSource, total: number, onEvents: (events: number) => void): EventSource => {
  let events = 0
  return {
    ...source,
    read: (streamId, afterVersion, limit) => {
      const page = source.read(streamId, afterVersion, limit)
      events = Math.min(total, events + page.length)
      onEvents(events)
      return page
    },
  }
}

/** The stored rows of a stream without those that a purge is still removing. */
export const standingRows = (
  source: EventSource,
  store: Pick<ProjectionStore, "rowsOf">,
  streamId: string,
): Iterable<TableRow> => {
  const rows = store.rowsOf(streamId)
  return source.isPurging?.(streamId) === true ? tombstoneOf(rows) : rows
}

function* tombstoneOf(rows: Iterable<TableRow>): Iterable<TableRow> {
  for (const row of rows) if (tombstoneTables.has(row.table)) yield row
}

const pageSize = 500

function* paged(
  page: (after: string | null, limit: number) => readonly string[],
  after: string | null,
): Iterable<string> {
  let last = after
  for (;;) {
    const ids = page(last, pageSize)
    yield* ids
    last = ids.at(-1) ?? last
    if (ids.length < pageSize) return
  }
}

/** Every stream that the log or the projections know, each once, in order; both are read page by page. */
export function* allStreams(
  source: EventSource,
  store: ProjectionStore,
  after: string | null = null,
): Iterable<string> {
  const logged = paged(source.streams, after)[Symbol.iterator]()
  const owners = paged(store.owners, after)[Symbol.iterator]()
  let left = logged.next()
  let right = owners.next()
  while (left.done !== true || right.done !== true) {
    const order = left.done === true ? 1 : right.done === true ? -1 : compareText(left.value, right.value)
    if (order <= 0 && left.done !== true) yield left.value
    else if (right.done !== true) yield right.value
    if (order >= 0) right = owners.next()
    if (order <= 0) left = logged.next()
  }
}

/** Events of a stream that are read at a time. */
const eventPage = 250

/** All events of a stream, the oldest first, read page by page; `onEvents` is called after each page with its length. */
export function* eventsOf(
  source: Pick<EventSource, "read">,
  streamId: string,
  onEvents: (count: number) => void = () => undefined,
): Iterable<EventEnvelope> {
  let version = 0
  for (;;) {
    const page = source.read(streamId, version, eventPage)
    yield* page
    onEvents(page.length)
    const last = page.at(-1)
    if (last === undefined || page.length < eventPage) return
    version = last.streamVersion
  }
}
