/** Files as recordings. */
import { createReadStream, read, type Stats, statSync } from "node:fs"
import { type Recording, RecordingUnreadable } from "@threadfold/imports"
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
