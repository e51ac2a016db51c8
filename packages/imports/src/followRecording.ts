/** A recording that is read on as it grows: its lines are translated once, however often it grows. */
import { Engine } from "@threadfold/engine"
import { Effect } from "effect"
import type { EngineFailure, RecordingChanged } from "./failures.js"
import { Splitter } from "./lines.js"
import { Reading, type ReadingOptions } from "./Reading.js"
import type { Recognized } from "./recognize.js"
import type { ImportOutcome } from "./report.js"

type Failure = RecordingChanged | EngineFailure

export interface FollowedRecording {
  /** Takes the next bytes of the recording, the first ones included. A line is taken when it is whole. */
  readonly take: (bytes: Uint8Array) => Effect.Effect<void, Failure>
  /** Makes what was taken durable, and tells what the recording led to so far. */
  readonly pause: Effect.Effect<ImportOutcome, Failure>
  /** The same, and remembers how far the recording was read. Its sessions stay open. */
  readonly end: Effect.Effect<ImportOutcome, Failure>
}

/** Follows a recording. What earlier imports took of it is read and not stored again. */
export const followRecording = (
  recognized: Recognized,
  options: ReadingOptions = {},
): Effect.Effect<FollowedRecording, never, Engine> =>
  Effect.map(Engine, (engine) => {
    const reading = new Reading(recognized, { ...options, leaveOpen: true }, engine)
    const splitter = new Splitter()
    const outcome = Effect.sync(() => reading.outcome)
    return {
      take: (bytes) => Effect.suspend(() => reading.take(splitter.push(bytes))),
      pause: Effect.zipRight(
        Effect.suspend(() => reading.pause()),
        outcome,
      ),
      end: Effect.zipRight(
        Effect.suspend(() => reading.end()),
        outcome,
      ),
    }
  })
