/**
 * The rows that change. The writer names the keys of what each commit changed, for as long as streams are open; the rows are read
 * here, as they are then, and encoded once. The newest frames are kept in the ring: what is behind it cannot be made again, so a
 * stream that was there last begins again from now.
 */
import type { RowChange } from "@threadfold/contracts/api"
import { layout } from "@threadfold/core/model"
import { type ChangedStream, Engine, type RowKey } from "@threadfold/engine"
import { type FoundRow, Projections } from "@threadfold/projections"
import { Context, Effect, Layer } from "effect"
import { HttpLimits } from "../HttpLimits.js"
import { Metrics } from "../Metrics.js"
import { foreign } from "./EventFeed.js"
import type { Beginning, Feed } from "./Feed.js"
import { changesFrame, refoldedFrame } from "./Frame.js"
import { type HubIntake, makeHub } from "./Hub.js"
import type { FrameFilter } from "./Ring.js"

/** So many keys may wait to be read; beyond, streams begin again. */
const mostWaiting = 50_000

interface WaitingStream {
  sequence: number
  refolded: boolean
  readonly keys: Map<string, RowKey>
}

/** Keys of changed rows that were not read yet, by stream: a row that changes again meanwhile is read once. */
class WaitingKeys {
  private streams = new Map<string, WaitingStream>()
  private count = 0

  add(changed: readonly ChangedStream[]): void {
    for (const { keys, refolded, sequence, streamId } of changed) {
      const waiting = this.streams.get(streamId) ?? { sequence, refolded: false, keys: new Map<string, RowKey>() }
      this.streams.set(streamId, waiting)
      waiting.sequence = sequence
      waiting.refolded ||= refolded
      this.count -= waiting.keys.size
      for (const key of keys) waiting.keys.set(JSON.stringify([key.table, ...key.key]), key)
      this.count += waiting.keys.size
    }
  }

  get isTooMuch(): boolean {
    return this.count > mostWaiting
  }

  /** All of them, in the order of their sequences. */
  take(): readonly (readonly [streamId: string, waiting: WaitingStream])[] {
    const taken = [...this.streams].sort(([, a], [, b]) => a.sequence - b.sequence)
    this.streams = new Map()
    this.count = 0
    return taken
  }
}

const isWhole = ({ key, table }: RowKey): boolean => key.length === layout(table).key.length

const changeOf = ({ key, row, table }: FoundRow): RowChange =>
  row === null ? { table, key, deleted: true } : { table, key, row }

const make = Effect.gen(function* () {
  const engine = yield* Engine
  const { stream: limits } = yield* HttpLimits
  const metrics = yield* Metrics
  const projections = yield* Projections
  const { log } = engine
  /** Open while the ring holds everything from some place on. */
  const live = yield* Effect.makeLatch(false)

  const publishRows = (intake: HubIntake, waiting: WaitingKeys, head: number) =>
    Effect.gen(function* () {
      for (const [streamId, { keys, refolded, sequence }] of waiting.take()) {
        if (refolded) {
          // What was kept of its rows is not true any more, and of a purged thread it is not kept: who is behind begins again, too.
          intake.restart(hub.ring.head)
          intake.publish(refoldedFrame(log.logId, streamId, sequence))
          continue
        }
        const all = [...keys.values()]
        const cleared = all.filter((key) => !isWhole(key))
        const found = yield* projections.rowsByKeys(all.filter(isWhole))
        const changes: readonly RowChange[] = [
          ...cleared.map(({ key, table }) => ({ table, key, deleted: true as const })),
          ...found.map(changeOf),
        ]
        intake.publish(changesFrame(log.logId, { streamId, sequence, changes }))
      }
      intake.reach(head)
    })

  const follow = (intake: HubIntake) =>
    Effect.scoped(
      Effect.gen(function* () {
        const waiting = new WaitingKeys()
        const changed = yield* Effect.makeLatch(false)
        let head = 0
        const from = yield* engine.watchRows((now, streams) => {
          head = now
          waiting.add(streams)
          changed.unsafeOpen()
        })
        yield* Effect.addFinalizer(() => live.close)
        intake.restart(from)
        yield* live.open
        for (;;) {
          yield* changed.await
          changed.unsafeClose()
          const until = head
          if (waiting.isTooMuch) {
            waiting.take()
            intake.restart(until)
          } else yield* publishRows(intake, waiting, until)
        }
      }),
    )

  const hub = yield* makeHub({ follow, published: log.published, lingerMs: limits.changesLingerMs }, limits, metrics)

  /** Where a place that the ring does not hold is gone on from: a stream that is as it was then has missed nothing. */
  const past = (filter: FrameFilter, cursor: number) =>
    Effect.gen(function* () {
      const now = hub.ring.head
      if (filter.streamId !== undefined) {
        const [since] = yield* log.read({
          streamId: filter.streamId,
          after: cursor,
          until: Math.max(cursor, now),
          limit: 1,
          texts: "beginnings",
        })
        if (since === undefined) return { cursor: now, reset: null }
      }
      return { cursor: now, reset: "past" } satisfies Beginning
    })

  return RowFeed.of({
    hub,
    logId: log.logId,
    published: log.published,
    begin: (cursor, filter) =>
      Effect.gen(function* () {
        yield* live.await
        if (cursor === null) return { cursor: hub.ring.head, reset: null }
        const other = foreign(log, cursor)
        if (other !== null) return other
        if (hub.ring.covers(cursor.sequence)) return { cursor: cursor.sequence, reset: null }
        return yield* past(filter, cursor.sequence)
      }),
    behind: (filter, cursor) =>
      Effect.gen(function* () {
        yield* live.await
        const beginning = yield* past(filter, cursor)
        return beginning.reset === null
          ? { kind: "piece" as const, frames: [], until: beginning.cursor, page: 1 }
          : { kind: "reset" as const, beginning }
      }),
  })
})

/** The stream of rows that change. */
export class RowFeed extends Context.Tag("@threadfold/server/RowFeed")<RowFeed, Feed>() {
  static readonly layer: Layer.Layer<RowFeed, never, Engine | HttpLimits | Metrics | Projections> = Layer.scoped(
    RowFeed,
    make,
  )
}
