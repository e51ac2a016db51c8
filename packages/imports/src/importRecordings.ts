/** Recordings into the log, one connection each. */
import { Engine, type EngineWriter } from "@threadfold/engine"
import { Chunk, Effect, Stream } from "effect"
import type { EngineFailure, RecordingChanged, RecordingUnreadable } from "./failures.js"
import { linesOf } from "./lines.js"
import { Reading, type ReadingOptions } from "./Reading.js"
import type { Recognized } from "./recognize.js"
import { type ImportOutcome, mergeReports } from "./report.js"

/**
 * Imports one recording through a writer, in the thread that calls it. An import that is interrupted, or that fails, leaves what
 * it had committed; the next one of the same recording adds what is missing. Two imports of one recording must not run at once
 * (`Recognized.key`). Fails with what the engine refuses, such as `thread-busy` for a thread whose session is live.
 */
export const importThrough = (
  writer: EngineWriter,
  recognized: Recognized,
  options: ReadingOptions = {},
): Effect.Effect<ImportOutcome, RecordingChanged | RecordingUnreadable | EngineFailure> =>
  Effect.gen(function* () {
    const reading = new Reading(recognized, options, writer)
    const taken = Stream.runForEachChunk(linesOf(recognized.recording.bytes), (lines) =>
      reading.take(Chunk.toReadonlyArray(lines)),
    )
    // However it ends, nothing of it is under way afterwards.
    yield* Effect.ensuring(
      Effect.zipRight(
        taken,
        Effect.suspend(() => reading.end()),
      ),
      Effect.exit(reading.settled),
    )
    return reading.outcome
  })

/** Imports one recording through the engine. */
export const importRecording = (
  recognized: Recognized,
  options: ReadingOptions = {},
): Effect.Effect<ImportOutcome, RecordingChanged | RecordingUnreadable | EngineFailure, Engine> =>
  Effect.flatMap(Engine, (engine) => importThrough(engine, recognized, options))

/** Imports recordings in the order given. Those before one that fails stay imported. */
export const importRecordings = (
  recognized: readonly Recognized[],
  options: ReadingOptions = {},
): Effect.Effect<ImportOutcome, RecordingChanged | RecordingUnreadable | EngineFailure, Engine> =>
  Effect.map(
    Effect.forEach(recognized, (one) => importRecording(one, options)),
    mergeReports,
  )
