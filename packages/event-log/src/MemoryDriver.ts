/**
 * The log in memory, for tests and offline folds: the same contract as the SQLite driver, rollback included. Every change records
 * its undo; a transaction that throws undoes its changes, the last one first.
 */
import { randomUUID } from "node:crypto"
import { Portion } from "@threadfold/core"
import type { LogDriver, PurgeRow, ReadQuery } from "./Driver.js"
import type { EventRow } from "./EventRow.js"
import { pageLimit } from "./SelectEvents.js"

const sourceKey = (source: string, channel: string, seq: number): string => JSON.stringify([source, channel, seq])
const channelKey = (source: string, channel: string): string => JSON.stringify([source, channel])

/** The first index whose event is above a place, by sequence or by version: both rise along the log and its streams. */
const firstAfter = (
  events: readonly EventRow[],
  place: number,
  by: "sequence" | "streamVersion" = "sequence",
): number => {
  let low = 0
  let high = events.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const event = events[middle]
    if (event !== undefined && event[by] <= place) low = middle + 1
    else high = middle
  }
  return low
}

/** A page out of events in order, by the meaning of {@link ReadQuery}. */
const page = (events: readonly EventRow[], query: ReadQuery): readonly EventRow[] => {
  const from = query.after === undefined ? 0 : firstAfter(events, query.after)
  const to = query.until === undefined ? events.length : firstAfter(events, query.until)
  const types = query.types === undefined ? null : new Set(query.types)
  const except = new Set(query.except)
  const limit = pageLimit(query)
  const found: EventRow[] = []
  const descending = query.order === "desc"
  for (let step = 0; step < to - from && found.length < limit; step++) {
    const event = events[descending ? to - 1 - step : from + step]
    if (event === undefined || except.has(event.type)) continue
    if (types === null || types.has(event.type)) found.push(event)
  }
  return found
}

/** Options of a log in memory. */
export interface MemoryDriverOptions {
  /** Id of the log; absent: a new one. */
  readonly logId?: string
}

/** An empty log in memory. */
export const memoryDriver = (options: MemoryDriverOptions = {}): LogDriver => {
  const log: EventRow[] = []
  const streams = new Map<string, EventRow[]>()
  const byId = new Map<string, EventRow>()
  const bySource = new Map<string, EventRow>()
  const lastSeqs = new Map<string, number>()
  const natives = new Map<number, string>()
  const meta = new Map<string, string>()
  const purges = new Map<string, PurgeRow>()
  let undo: (() => void)[] | null = null

  const onRollback = (step: () => void): void => {
    if (undo === null) throw new Error("the log is written inside a transaction only")
    undo.push(step)
  }

  /** Sets a key, to be taken back by a rollback. */
  const set = <K, V>(map: Map<K, V>, key: K, value: V): void => {
    const before = map.get(key)
    onRollback(() => (before === undefined ? map.delete(key) : map.set(key, before)))
    map.set(key, value)
  }

  const head = (): number => log[log.length - 1]?.sequence ?? 0
  const streamVersion = (streamId: string): number => streams.get(streamId)?.at(-1)?.streamVersion ?? 0

  /** Puts an event in the place of the stored one with its sequence. */
  const replace = (event: EventRow): void => {
    const stream = streams.get(event.streamId) ?? []
    for (const list of [log, stream]) {
      const at = firstAfter(list, event.sequence - 1)
      const before = list[at]
      if (before === undefined) continue
      onRollback(() => list.splice(at, 1, before))
      list[at] = event
    }
    set(byId, event.eventId, event)
    if (event.channel === null || event.seq === null) return
    set(bySource, sourceKey(event.sessionId ?? event.streamId, event.channel, event.seq), event)
  }

  const insertNumbered = (event: EventRow, channel: string, seq: number): void => {
    const source = event.sessionId ?? event.streamId
    const key = sourceKey(source, channel, seq)
    if (bySource.has(key)) throw new Error("UNIQUE constraint failed: events.source, events.channel, events.seq")
    set(bySource, key, event)
    const last = channelKey(source, channel)
    set(lastSeqs, last, Math.max(seq, lastSeqs.get(last) ?? 0))
  }

  return {
    logId: options.logId ?? randomUUID(),
    transaction: (body) => {
      if (undo !== null) throw new Error("cannot start a transaction within a transaction")
      const steps: (() => void)[] = []
      undo = steps
      try {
        return body()
      } catch (error) {
        for (const step of steps.reverse()) step()
        throw error
      } finally {
        undo = null
      }
    },
    head,
    streamVersion,
    insert: (given) => {
      const event = { ...given, payload: String(given.payload) }
      if (event.sequence <= head()) throw new Error("UNIQUE constraint failed: events.sequence")
      if (event.streamVersion <= streamVersion(event.streamId)) {
        throw new Error("UNIQUE constraint failed: events.stream_id, events.stream_version")
      }
      if (byId.has(event.eventId)) throw new Error("UNIQUE constraint failed: events.event_id")
      if ((event.channel === null) !== (event.seq === null)) {
        throw new Error("CHECK constraint failed: (channel IS NULL) = (seq IS NULL)")
      }
      if (event.channel !== null && event.seq !== null) insertNumbered(event, event.channel, event.seq)
      const stream = streams.get(event.streamId) ?? []
      set(streams, event.streamId, stream)
      set(byId, event.eventId, event)
      onRollback(() => {
        stream.pop()
        log.pop()
      })
      stream.push(event)
      log.push(event)
    },
    insertNatives: (bodies) => {
      for (const [sequence, body] of bodies) {
        if (natives.has(sequence)) throw new Error("UNIQUE constraint failed: native.sequence")
        set(natives, sequence, String(body))
      }
    },
    findBySeq: (source, channel, seq) => bySource.get(sourceKey(source, channel, seq)) ?? null,
    lastSeq: (source, channel) => lastSeqs.get(channelKey(source, channel)) ?? 0,
    findByEventId: (eventId) => byId.get(eventId) ?? null,
    read: (query) => page(query.streamId === undefined ? log : (streams.get(query.streamId) ?? []), query),
    readStream: (streamId, afterVersion, limit) => {
      const events = streams.get(streamId) ?? []
      const from = firstAfter(events, afterVersion, "streamVersion")
      return events.slice(from, from + limit)
    },
    streams: (after, limit) =>
      [...streams]
        .filter(([id, events]) => events.length > 0 && (after === null || id > after))
        .map(([id]) => id)
        .sort()
        .slice(0, limit),
    readNative: (sequence) => natives.get(sequence) ?? null,
    compressNative: () => 0,
    shrink: () => false,
    purgeOf: (streamId) => purges.get(streamId) ?? null,
    unfinishedPurges: (limit) => [...purges.values()].filter(({ finishedAt }) => finishedAt === null).slice(0, limit),
    beginPurge: (purge) => {
      if (purges.has(purge.streamId)) throw new Error("UNIQUE constraint failed: purges.stream_id")
      set(purges, purge.streamId, { ...purge, finishedAt: null })
    },
    savePurge: (streamId, progress, finishedAt) => {
      const purge = purges.get(streamId)
      if (purge !== undefined) set(purges, streamId, { ...purge, progress, finishedAt })
    },
    strip: ({ lastVersion, streamId }, afterVersion, limit) => {
      const events = streams.get(streamId) ?? []
      const from = firstAfter(events, afterVersion, "streamVersion")
      const portion = new Portion(limit)
      const page = events
        .slice(from, from + limit)
        .filter(
          ({ payload, sequence, streamVersion }) =>
            streamVersion <= lastVersion &&
            portion.takes(Buffer.byteLength(payload) + Buffer.byteLength(natives.get(sequence) ?? "")),
        )
      const done = { payloads: 0, payloadBytes: 0, bodies: 0, bodyBytes: 0, blobs: 0, blobBytes: 0 }
      for (const event of page) {
        if (event.payload !== "{}") {
          done.payloads += 1
          done.payloadBytes += Buffer.byteLength(event.payload)
          replace({ ...event, payload: "{}" })
        }
        const body = natives.get(event.sequence)
        if (body === undefined) continue
        done.bodies += 1
        done.bodyBytes += Buffer.byteLength(body)
        onRollback(() => natives.set(event.sequence, body))
        natives.delete(event.sequence)
      }
      return { ...done, version: page.at(-1)?.streamVersion ?? afterVersion, events: page.length }
    },
    getMeta: (key) => meta.get(key) ?? null,
    setMeta: (key, value) => {
      if (value !== null) {
        set(meta, key, value)
        return
      }
      const before = meta.get(key)
      onRollback(() => before !== undefined && meta.set(key, before))
      meta.delete(key)
    },
  }
}
