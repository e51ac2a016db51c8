/** Events of the log as JSON, as far as they ride along, and no more of them than a page has room for. */
import { longestPageBytes, type StorageUnavailable } from "@threadfold/contracts"
import type { LogReader, ReadQuery, ReadRow } from "@threadfold/event-log"
import { Effect } from "effect"
import { boundedEventJson } from "./boundedEvent.js"

/** Events that are read at a time for a page. */
const rowsAtOnce = 64

/** Bytes of a page beside its entries, at most. */
const aroundItems = 1_024

/** The envelope's JSON, as far as it rides along; with `native`, one more field: the native message or null. */
export const eventJson = (log: LogReader, row: ReadRow, native: boolean): Effect.Effect<string, StorageUnavailable> =>
  native
    ? Effect.map(log.native(row.sequence), (body) => boundedEventJson(row, body))
    : Effect.succeed(boundedEventJson(row))

/** What of a log is read for a page: `limit` events at most, between two sequences. */
export interface EventRange extends ReadQuery {
  readonly after: number
  readonly until: number
  readonly limit: number
}

export interface ReadEvents {
  readonly events: readonly { readonly sequence: number; readonly json: string }[]
  /** True: there are more within the limit, for which the page has no room. */
  readonly cut: boolean
}

/** The events of a page, one of them in any case. */
export const readEvents = (
  log: LogReader,
  { after, limit, until, ...filter }: EventRange,
  native: boolean,
): Effect.Effect<ReadEvents, StorageUnavailable> =>
  Effect.gen(function* () {
    const events: { readonly sequence: number; readonly json: string }[] = []
    let [from, to] = [after, until]
    let room = longestPageBytes - aroundItems
    // In steps: an event may have many MiB, and no more of them are read than the page shows.
    while (to > from && events.length < limit) {
      const step = Math.min(rowsAtOnce, limit - events.length)
      const page: ReadQuery = { ...filter, after: from, until: to, limit: step, texts: "beginnings" }
      const rows: readonly ReadRow[] = yield* log.read(page)
      for (const row of rows) {
        const json = yield* eventJson(log, row, native)
        room -= Buffer.byteLength(json) + 1
        if (room < 0 && events.length > 0) return { events, cut: true }
        events.push({ sequence: row.sequence, json })
        if (filter.order === "desc") to = row.sequence - 1
        else from = row.sequence
      }
      if (rows.length < step) break
    }
    return { events, cut: false }
  })
