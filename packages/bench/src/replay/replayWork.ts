/**
 * The process of `replay.ts`: one piece of work over a log that is written already, so that its memory and its compiling are its own.
 * Argument: what to do, as JSON. It sends what that took, and ends.
 */
import { bisect, type Predicate, walkRows } from "@threadfold/core/model"
import { databaseGroups, eventSourceOf } from "@threadfold/engine"
import { openSqlite, verifyDigests } from "@threadfold/event-log"
import { countedSource, eventsOf, rebuild, SqlStore, verify } from "@threadfold/projections"
import { Clock, Effect } from "effect"
import type { ReplayWork, WorkTaken } from "./replay.js"

const { events, file, threadId, work }: ReplayWork = JSON.parse(process.argv[2] ?? "{}")

/** Looks at what it reads, as an expression of a caller would, and is never true. */
const never: Predicate = {
  reads: { names: new Set(["turns"]), fields: new Set(["status"]) },
  test: (document) => ({ holds: document.value("turns") === "no list" }),
}

const rounded = (value: number): number => Number(value.toFixed(0))

/** Runs `body` and says what it took; `body` calls `progress` as a command would tell of its progress. */
const timed = (nowMs: () => number, body: (progress: () => void) => void): WorkTaken => {
  const before = process.cpuUsage()
  const from = nowMs()
  let last = from
  let longestSilenceMs = 0
  const progress = (): void => {
    const now = nowMs()
    longestSilenceMs = Math.max(longestSilenceMs, now - last)
    last = now
  }
  body(progress)
  progress()
  const { system, user } = process.cpuUsage(before)
  return {
    ms: rounded(last - from),
    cpuMs: rounded((system + user) / 1_000),
    longestSilenceMs: rounded(longestSilenceMs),
    peakRssMb: rounded(process.resourceUsage().maxRSS / 1_024),
  }
}

const run = Effect.gen(function* () {
  const clock = yield* Clock.clockWith(Effect.succeed)
  const nowMs = () => Number(clock.unsafeCurrentTimeNanos()) / 1e6
  const { driver, handle } = yield* openSqlite({ file, migrations: databaseGroups })
  const source = (progress: () => void) => countedSource(eventSourceOf(driver), events, progress)
  const store = new SqlStore(handle)
  const readTransaction = <A>(body: () => A): A => handle.transaction(body).deferred()

  const read = (): void => {
    const ofThread = "SELECT * FROM events WHERE stream_id = ? ORDER BY stream_version"
    const ofAll = "SELECT * FROM events ORDER BY stream_id, stream_version"
    const rows = threadId === null ? handle.prepare(ofAll).iterate() : handle.prepare(ofThread).iterate(threadId)
    for (const _ of rows);
  }

  const works: Readonly<Record<ReplayWork["work"], (progress: () => void) => void>> = {
    read,
    verify: (onProgress) => {
      const log = verifyDigests(handle, { bytes: false, streamId: null, readTransaction, onProgress })
      const rows = verify({ source: source(onProgress), store, readTransaction, streamId: null, onProgress })
      if (!log.ok || !rows.ok) throw new Error("the log that was just written does not verify")
    },
    rebuild: (onProgress) => {
      const report = rebuild({ source: source(onProgress), store, onProgress })
      if (report.events < events) throw new Error(`rebuild folded ${report.events} events of ${events}`)
    },
    bisect: (progress) => {
      const id = threadId ?? ""
      const range = { from: 1, to: driver.head(), monotone: false }
      const log = () => eventsOf(source(progress), id)
      const walk = bisect(id, (keeps, mayJoin) => walkRows(id, log(), undefined, keeps, mayJoin), never, range)
      if (walk.events < events) throw new Error(`bisect went through ${walk.events} events of ${events}`)
    },
  }
  // Once before the bare loop counts: the file is in memory then for all that follow.
  if (work === "read") read()
  const taken = timed(nowMs, works[work])
  yield* Effect.sync(() => process.send?.(taken))
})

void Effect.runPromise(Effect.scoped(run).pipe(Effect.ensuring(Effect.sync(() => process.disconnect?.()))))
