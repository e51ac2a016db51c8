/** Files as recordings. */
import { createReadStream, read, type Stats, statSync } from "node:fs"
import { basename, dirname } from "node:path"
import { type Recording, RecordingUnreadable, traceBundle } from "@threadfold/imports"
import { codexTraceSource, traceLogName } from "@threadfold/imports/sources"
import { Effect, Option, Stream } from "effect"

/** Bytes of a file that are read at a time. */
const pieceBytes = 256 * 1024

/** How the system says that a file cannot be read. */
const unreadable =
  (name: string) =>
  (error: unknown): RecordingUnreadable =>
    new RecordingUnreadable({ name, reason: error instanceof Error ? error.message : String(error) })

/**
 * What the system says of a regular file. Anything else is refused before it is opened: a pipe would hold the process until a
 * program writes to it, and the import could not be interrupted meanwhile.
 */
export const regularFile = (file: string, name = file): Effect.Effect<Stats, RecordingUnreadable> =>
  Effect.filterOrFail(
    Effect.try({ try: () => statSync(file), catch: unreadable(name) }),
    (stats) => stats.isFile(),
    () => new RecordingUnreadable({ name, reason: "it is no regular file" }),
  )

/** The recording in a file, under the name that the caller has for it. */
export const fileRecording = (file: string, name = file): Recording => ({
  name,
  bytes: Stream.unwrap(
    Effect.map(regularFile(file, name), () =>
      Stream.fromAsyncIterable<Uint8Array, RecordingUnreadable>(
        createReadStream(file, { highWaterMark: pieceBytes }),
        unreadable(name),
      ),
    ),
  ),
})

/** The trace at a path: the folder of its bundle, or the log in one. */
const traceRecording = (path: string): Recording => {
  const stats = Effect.try({ try: () => statSync(path), catch: unreadable(path) })
  const found = (isFolder: boolean): Recording =>
    isFolder ? traceBundle(path, null) : traceBundle(dirname(path), basename(path), dirname(path))
  return {
    // Reports and the thread name the bundle, not its log, which has the same name in all of them.
    name: path.endsWith(`/${traceLogName}`) ? dirname(path) : path,
    bytes: Stream.unwrap(Effect.map(stats, (one) => found(one.isDirectory()).bytes)),
    follow: () => {
      let more: Recording["bytes"] | null = null
      return Stream.unwrap(
        Effect.map(stats, (one) => {
          more ??= found(one.isDirectory()).follow?.() ?? Stream.empty
          return more
        }),
      )
    },
  }
}

/** The recording of a source at a path. */
export const recordingAt = (source: string, path: string): Recording =>
  source === codexTraceSource.source ? traceRecording(path) : fileRecording(path)

/** The recording at a path, of whatever kind: a folder is a trace. */
export const recordingOf = (path: string): Recording =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? traceRecording(path) : fileRecording(path)

/** A recording in an open file, which any thread of the process can read by its descriptor. */
export interface OpenedRecording extends Recording {
  readonly descriptor: number
}

const readAt = (descriptor: number, position: number): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const buffer = Buffer.allocUnsafe(pieceBytes)
    read(descriptor, buffer, 0, pieceBytes, position, (error, bytesRead) =>
      error === null ? resolve(buffer.subarray(0, bytesRead)) : reject(error),
    )
  })

/** The recording in a file that is open; its caller closes it. */
export const openedRecording = (descriptor: number, name: string): OpenedRecording => ({
  name,
  descriptor,
  bytes: Stream.unfoldEffect(0, (position) =>
    Effect.tryPromise({ try: () => readAt(descriptor, position), catch: unreadable(name) }).pipe(
      Effect.map((piece) =>
        piece.length === 0 ? Option.none() : Option.some([piece, position + piece.length] as const),
      ),
    ),
  ),
})
