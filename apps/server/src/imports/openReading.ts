/** Readings of recordings: each in a thread of its own, so that a long line stops neither calls nor streams. */
import { Worker } from "node:worker_threads"
import { Problem } from "@threadfold/contracts/problem"
import { Engine, type EngineStopped } from "@threadfold/engine"
import type { ImportOutcome } from "@threadfold/imports"
import { Deferred, Effect, type Scope } from "effect"
import { toProblem } from "../problems/toProblem.js"
import type { OpenedRecording } from "./fileRecording.js"
import {
  type FromReading,
  type OpenReading,
  openReadingHere,
  type ReadingRequest,
  type ReadingThreadData,
  type ToReading,
} from "./readingProtocol.js"

const ended = (detail: string) => Effect.fail(new Problem({ slug: "internal", detail }))

/** Starts the thread of a reading for the life of the scope. Its end comes after the commit that is under way. */
const startReading = (
  data: ReadingThreadData,
  onProgress: (lines: number, events: number) => void,
  /** Waits until this thread has seen every commit so far. */
  caughtUp: Effect.Effect<unknown, EngineStopped>,
): Effect.Effect<OpenReading, Problem, Scope.Scope> =>
  Effect.gen(function* () {
    const recognized = yield* Deferred.make<{ readonly source: string; readonly key: string }, Problem>()
    const done = yield* Deferred.make<ImportOutcome, Problem>()
    const fail = (failure: Effect.Effect<never, Problem>): void => {
      Deferred.unsafeDone(recognized, failure)
      Deferred.unsafeDone(done, failure)
    }
    const worker = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const started = new Worker(new URL("./readingThread.js", import.meta.url), {
          workerData: data,
          transferList: [data.port],
        })
        started.on("message", (message: FromReading) => {
          switch (message.kind) {
            case "recognized":
              return Deferred.unsafeDone(recognized, Effect.succeed(message))
            case "progress":
              return onProgress(message.lines, message.events)
            case "done":
              return Deferred.unsafeDone(done, Effect.succeed(message.outcome))
            case "failed":
              return fail(Effect.fail(new Problem(message)))
          }
        })
        started.on("error", (error) => fail(ended(`${error.message}.`)))
        started.on("exit", () => fail(ended("The thread of the import ended early.")))
        return started
      }),
      (running) => Effect.promise(() => running.terminate()),
    )
    const { key, source } = yield* Deferred.await(recognized)
    const run = Effect.gen(function* () {
      worker.postMessage("import" satisfies ToReading)
      const outcome = yield* Deferred.await(done)
      yield* Effect.mapError(caughtUp, toProblem)
      return outcome
    })
    return { key, source, run }
  })

/**
 * Recognizes a recording, and opens it to be imported within the scope. Where the writer is in this thread, as in tests, the reading
 * is, too.
 */
export const openReading = (
  recording: OpenedRecording,
  request: ReadingRequest,
  onProgress: (lines: number, events: number) => void,
): Effect.Effect<OpenReading, Problem, Engine | Scope.Scope> =>
  Effect.gen(function* () {
    const engine = yield* Engine
    const port = yield* engine.openPort
    if (port === null) return yield* openReadingHere(engine, recording, request, onProgress)
    const { descriptor, name } = recording
    // The writer answers this thread in order: its answer comes after the commits that it has told of.
    const caughtUp = engine.getMeta("")
    return yield* startReading({ ...request, descriptor, name, port }, onProgress, caughtUp)
  })
