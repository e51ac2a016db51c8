/** A recording that is made of several files, written into one, which any thread of the process can read by its descriptor. */
import { Problem } from "@threadfold/contracts/problem"
import type { Recording } from "@threadfold/imports"
import { Effect, type Scope, Stream } from "effect"
import { writeProblem } from "../offline/databaseProblem.js"
import { toProblem } from "../problems/toProblem.js"
import { type OpenedRecording, openedRecording } from "./fileRecording.js"
import { lookEvery, namelessFile, requireRoom, writeAll } from "./upload.js"

/** Writes a recording into a file without a name; it is gone when the scope ends. Fails with `disk-full` where there is no room. */
export const spooledRecording = (
  { bytes, name }: Recording,
  directory: string,
  minFreeBytes: number,
): Effect.Effect<OpenedRecording, Problem, Scope.Scope> =>
  Effect.gen(function* () {
    const handle = yield* namelessFile(directory)
    let left = 0
    yield* Stream.runForEach(bytes, (piece) =>
      Effect.gen(function* () {
        left -= piece.length
        if (left <= 0) {
          const full = requireRoom(directory, { minFreeBytes }, lookEvery)
          if (full !== null) return yield* full
          left = lookEvery
        }
        yield* Effect.tryPromise({
          try: () => writeAll(handle, Buffer.from(piece)),
          catch: (error) => writeProblem(directory, error),
        })
      }),
    ).pipe(Effect.mapError((error) => (error instanceof Problem ? error : toProblem(error))))
    return openedRecording(handle.fd, name)
  })
