/** Files as recordings. */
import { createReadStream } from "node:fs"
import type { FileHandle } from "node:fs/promises"
import { type Recording, RecordingUnreadable } from "@threadfold/imports"
import { Effect, Option, Stream } from "effect"

/** Bytes of a file that are read at a time. */
const pieceBytes = 256 * 1024

/** How the system says that a file cannot be read. */
const unreadable =
  (name: string) =>
  (error: unknown): RecordingUnreadable =>
    new RecordingUnreadable({ name, reason: error instanceof Error ? error.message : String(error) })

/** The recording in a file, under the name that the caller has for it. */
export const fileRecording = (file: string, name = file): Recording => ({
  name,
  bytes: Stream.suspend(() =>
    Stream.fromAsyncIterable<Uint8Array, RecordingUnreadable>(
      createReadStream(file, { highWaterMark: pieceBytes }),
      unreadable(name),
    ),
  ),
})

/** The recording in a file that is open; its caller closes it. */
export const openedRecording = (handle: FileHandle, name: string): Recording => ({
  name,
  bytes: Stream.unfoldEffect(0, (position) =>
    Effect.tryPromise({
      try: () => handle.read(Buffer.allocUnsafe(pieceBytes), 0, pieceBytes, position),
      catch: unreadable(name),
    }).pipe(
      Effect.map(({ buffer, bytesRead }) =>
        bytesRead === 0 ? Option.none() : Option.some([buffer.subarray(0, bytesRead), position + bytesRead] as const),
      ),
    ),
  ),
})
