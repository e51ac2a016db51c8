/**
 * How long another thread waits while a busy one submits flat out with much open: from when its event was due to its
 * acknowledgement. The writer runs in a thread of its own, as under `serve`.
 */
import { join } from "node:path"
import { Engine, type EngineService, type Submission } from "@threadfold/engine"
import { acquireOwnership } from "@threadfold/event-log"
import { Clock, Effect, Fiber, type Scope } from "effect"
import type { BenchError } from "../BenchError.js"
import { percentile } from "../Latency.js"
import { kinds } from "./kinds.js"
import { type GeneratedEvent, ThreadGenerator } from "./ThreadGenerator.js"

/** Delays of the quiet thread's events, ms. */
export interface Delay {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface SharingReport {
  /** No other thread submits. */
  readonly alone: Delay
  /** A thread with much open submits pieces of 512 events, as many at a time as it may. */
  readonly besideBusy: Delay & { readonly busyEventsPerSecond: number }
  /** A body of 20,000 lines is taken, in the pieces into which the server cuts it. */
  readonly besideLargePush: Delay & { readonly pushMs: number }
}

/** Events of a piece: the server cuts bodies at so many lines, drivers and imports submit no more. */
const PIECE = 512
/** Lines of a large body. */
const BODY = 20_000
/** Interval of the submissions of the quiet thread, ms. */
const EVERY = 10

const rounded = (value: number): number => Number(value.toFixed(1))

const delayOf = (taken: readonly number[]): Delay => {
  const at = (share: number) => rounded(percentile(taken, share))
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}

const word: GeneratedEvent = { type: "runtime.warning", payload: { message: "x" }, native: {} }

/** Streamed text, most of the events of an agent, of one item. */
const piece = (thread: ThreadGenerator): Submission => {
  const delta = { type: "content.delta", payload: { stream: "text", delta: "word " }, native: { itemId: "streamed" } }
  return thread.submission(...Array.from({ length: PIECE }, () => delta))
}

const begun = (engine: EngineService, thread: ThreadGenerator, size: number): Effect.Effect<void, BenchError> =>
  Effect.gen(function* () {
    yield* engine.submit(thread.begin())
    const opening = kinds.requests
    for (let n = 0; n < size && opening !== undefined; n += PIECE) {
      const drafts = Array.from({ length: Math.min(PIECE, size - n) }, (_, index) => opening(n + index))
      yield* engine.submit(thread.submission(...drafts))
    }
    const started = { type: "item.started", payload: { kind: "agent_message" }, native: { itemId: "streamed" } }
    yield* engine.submit(thread.submission(started))
  })

/** Runs `beside` and submits an event of another thread at intervals, until `beside` is over. */
const delays = (
  engine: EngineService,
  quiet: ThreadGenerator,
  nowMs: () => number,
  beside: Effect.Effect<void, BenchError>,
): Effect.Effect<readonly number[], BenchError> =>
  Effect.gen(function* () {
    const taken: number[] = []
    const busy = yield* Effect.fork(beside)
    const words: Fiber.RuntimeFiber<void, BenchError>[] = []
    const from = nowMs()
    for (let n = 0; busy.unsafePoll() === null; n++) {
      const due = from + n * EVERY
      yield* Effect.sleep(Math.max(0, due - nowMs()))
      const submitted = engine.submit(quiet.submission(word))
      words.push(yield* Effect.fork(Effect.map(submitted, () => void taken.push(nowMs() - due))))
    }
    yield* Fiber.joinAll(words)
    yield* Fiber.join(busy)
    return taken
  })

/** Measures it on a database of its own. @param seconds of each part; @param open requests that the busy thread has open */
export const sharing = (
  directory: string,
  open: number,
  seconds: number,
  startAt: number,
): Effect.Effect<SharingReport, BenchError, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Clock.clockWith(Effect.succeed)
    const nowMs = () => Number(clock.unsafeCurrentTimeNanos()) / 1e6
    yield* acquireOwnership(directory)
    return yield* Effect.gen(function* () {
      const engine = yield* Engine
      const [busy, quiet] = [new ThreadGenerator("busy", startAt), new ThreadGenerator("quiet", startAt)]
      yield* begun(engine, quiet, 0)
      yield* begun(engine, busy, open)
      // Warm: what is measured later is compiled then.
      for (let n = 0; n < 40; n++) yield* engine.submit(piece(busy))

      const alone = yield* delays(engine, quiet, nowMs, Effect.sleep(seconds * 1000))
      const before = busy.made
      const until = nowMs() + seconds * 1000
      // More at a time than the queue has room for: the writer never waits for the busy thread.
      const flatOut = Effect.forEach(
        Array.from({ length: 16 }),
        () =>
          Effect.repeat(
            Effect.suspend(() => engine.submit(piece(busy))),
            { while: () => nowMs() < until },
          ),
        { concurrency: "unbounded", discard: true },
      )
      const besideBusy = yield* delays(engine, quiet, nowMs, flatOut)
      const busyEventsPerSecond = Math.round((busy.made - before) / seconds)

      const began = nowMs()
      let pushMs = 0
      const push = Effect.gen(function* () {
        for (let lines = 0; lines < BODY; lines += PIECE) yield* engine.submit(piece(busy))
        pushMs = rounded(nowMs() - began)
      })
      const besideLargePush = yield* delays(engine, quiet, nowMs, push)
      return {
        alone: delayOf(alone),
        besideBusy: { ...delayOf(besideBusy), busyEventsPerSecond },
        besideLargePush: { ...delayOf(besideLargePush), pushMs },
      }
    }).pipe(Effect.provide(Engine.layerWorker({ file: join(directory, "threadfold.db") })))
  })
