/**
 * `threadfold bench open`: what an event, a turn's end and verify cost, and how large the stored state is, in a thread with much
 * open beside one with a tenth of it. Nothing of that may grow: every figure is the large thread's as a multiple of the small
 * one's, in CPU time, which a busy machine cannot falsify.
 */
import { join } from "node:path"
import { fold } from "@threadfold/core"
import { MapStore } from "@threadfold/core/model"
import { databaseGroups, eventSourceOf, makeSqliteWriter, type Submission } from "@threadfold/engine"
import { openSqlite } from "@threadfold/event-log"
import { refold, SqlStore } from "@threadfold/projections"
import { Clock, Effect, type Scope } from "effect"
import type { BenchError } from "../BenchError.js"
import { median } from "../Latency.js"
import { workplace } from "../workplace.js"
import { kinds } from "./kinds.js"
import { type SharingReport, sharing } from "./sharing.js"
import { type GeneratedEvent, ThreadGenerator } from "./ThreadGenerator.js"

/** Slopes of one kind: ten times as much open, as a multiple; and the CPU time of an event beside the smaller number. */
export interface OpenSlopes {
  readonly event: number
  readonly turnEnd: number
  readonly verify: number
  readonly foldStateBytes: number
  readonly eventMicros: number
}

/** What threads with much open cost. Times in µs of CPU, delays in ms. */
export interface BenchOpenReport {
  /** Open rows of the smaller thread; the larger one has ten times as many. */
  readonly size: number
  readonly kinds: Readonly<Record<string, OpenSlopes>>
  /** How long an event of another thread waits, beside one that has the larger number of requests open. */
  readonly otherThreadDelayMs: SharingReport
}

const ROUNDS = 60
const WARM_UP = 20
const VERIFY_ROUNDS = 7
const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits))

/** CPU time that a function takes, µs. */
const cpuOf = (run: () => void): number => {
  const before = process.cpuUsage()
  run()
  const { system, user } = process.cpuUsage(before)
  return system + user
}

/** What one thread cost in each round, in CPU µs. */
interface Cost {
  /** Per event. */
  readonly events: number[]
  readonly turnEnds: number[]
}

const slopesOf = (
  directory: string,
  kind: string,
  size: number,
  startAt: number,
): Effect.Effect<OpenSlopes, BenchError, Scope.Scope> =>
  Effect.gen(function* () {
    const opening = kinds[kind] ?? (() => ({ type: "runtime.warning", payload: { message: "x" }, native: {} }))
    const clock = yield* Clock.clockWith(Effect.succeed)
    const database = yield* openSqlite({ file: join(directory, "threadfold.db"), migrations: databaseGroups })
    const writer = makeSqliteWriter(database, { clock: () => clock.unsafeCurrentTimeMillis() })
    const write = (...batch: readonly Submission[]): void => {
      for (const outcome of writer.process(batch)) {
        if (!outcome.ok) throw outcome.error
        // What is not stored as it was submitted opens nothing, and would measure nothing.
        for (const { problem, status } of outcome.results) {
          if (status !== "appended") throw new Error(`an event is ${status}: ${problem}`)
        }
      }
    }
    const store = new SqlStore(database.handle)
    const source = eventSourceOf(database.driver)

    const made = [size, 10 * size].map((open) => {
      const thread = new ThreadGenerator(`${kind} ${open}`, startAt)
      write(thread.begin())
      for (let n = 0; n < open; n += 500) {
        const drafts: GeneratedEvent[] = []
        for (let next = n; next < Math.min(open, n + 500); next++) drafts.push(opening(next))
        write(thread.submission(...drafts))
      }
      const cost: Cost = { events: [], turnEnds: [] }
      return { thread, open, begun: thread.made, cost }
    })
    for (let round = 0; round < WARM_UP + ROUNDS; round++) {
      for (const { cost, open, thread } of made) {
        const turn = thread.turn([opening(open + round)])
        const events = cpuOf(() => write(turn))
        const end = thread.end()
        const turnEnds = cpuOf(() => write(end))
        if (round < WARM_UP) continue
        cost.events.push(events / turn.drafts.length)
        cost.turnEnds.push(turnEnds)
      }
    }
    /** The events of the time in which so much was open, and these alone: the threads differ in how much of them opens something. */
    const again = ({ begun, thread: { streamId } }: (typeof made)[number]): number => {
      const rows = new MapStore()
      const { state } = refold(source, rows, fold, streamId, begun)
      return cpuOf(() => void refold(source, rows, fold, streamId, null, state))
    }
    const verifies = made.map(() => Number.POSITIVE_INFINITY)
    // The least of several, by turns: a collection of garbage, or another program's caches, only ever adds.
    for (let round = 0; round < VERIFY_ROUNDS; round++) {
      made.forEach((one, index) => {
        verifies[index] = Math.min(verifies[index] ?? 0, again(one))
      })
    }
    const [small, large] = made.map(({ cost, thread }, index) => ({
      events: median(cost.events),
      turnEnds: median(cost.turnEnds),
      verify: verifies[index] ?? 0,
      bytes: store.loadFoldState(thread.streamId)?.state.length ?? 0,
    }))
    if (small === undefined || large === undefined) return yield* Effect.dieMessage("two threads are measured")
    return {
      event: rounded(large.events / small.events),
      turnEnd: rounded(large.turnEnds / small.turnEnds),
      verify: rounded(large.verify / small.verify),
      foldStateBytes: rounded(large.bytes / small.bytes),
      eventMicros: rounded(small.events, 1),
    }
  })

/** Measures every kind, one after the other, on databases of their own. */
export const benchOpen = (size: number): Effect.Effect<BenchOpenReport, BenchError> =>
  Effect.scoped(
    Effect.gen(function* () {
      const directory = yield* workplace
      const startAt = yield* Clock.currentTimeMillis
      const slopes: Record<string, OpenSlopes> = {}
      for (const kind of Object.keys(kinds)) {
        slopes[kind] = yield* Effect.scoped(slopesOf(join(directory, kind), kind, size, startAt))
      }
      const otherThreadDelayMs = yield* Effect.scoped(sharing(join(directory, "sharing"), 10 * size, 3, startAt))
      return { size, kinds: slopes, otherThreadDelayMs }
    }),
  )
