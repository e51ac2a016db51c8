/**
 * The thread of a reading: it cuts, parses and translates a recording, and submits what that leads to straight to the writer thread.
 * A line may have 64 MiB; none of its bytes passes through the main thread.
 */
import { once } from "node:events"
import { parentPort, workerData } from "node:worker_threads"
import { Problem } from "@threadfold/contracts/problem"
import { openWriterLine } from "@threadfold/engine"
import { Cause, Effect, Exit } from "effect"
import { openedRecording } from "./fileRecording.js"
import { type FromReading, openReadingHere, type ReadingThreadData } from "./readingProtocol.js"

const send = (message: FromReading): void => parentPort?.postMessage(message)

const main = Effect.gen(function* () {
  // Both ends are of one build.
  const data: ReadingThreadData = workerData
  const writer = yield* openWriterLine(data.port)
  const recording = openedRecording(data.descriptor, data.name)
  const reading = yield* openReadingHere(writer, recording, data, (lines, events) =>
    send({ kind: "progress", lines, events }),
  )
  const mayImport = Effect.promise(async () => {
    if (parentPort !== null) await once(parentPort, "message")
  })
  send({ kind: "recognized", source: reading.source, key: reading.key })
  yield* mayImport
  return yield* reading.run
}).pipe(Effect.scoped)

const failure = (error: unknown): FromReading =>
  error instanceof Problem
    ? { kind: "failed", slug: error.slug, detail: error.detail }
    : { kind: "failed", slug: "internal", detail: "The import failed." }

Effect.runPromiseExit(main).then(
  Exit.match({
    onSuccess: (outcome) => send({ kind: "done", outcome }),
    onFailure: (cause) => send(failure(Cause.squash(cause))),
  }),
)
