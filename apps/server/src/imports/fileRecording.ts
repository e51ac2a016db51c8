/** A file as a recording. */
import { createReadStream } from "node:fs"
import { type Recording, RecordingUnreadable } from "@threadfold/imports"
import { Stream } from "effect"

/** Bytes of a file that are read at a time. */
const pieceBytes = 256 * 1024

/** How the system says that a file cannot be read. */
export const unreadable =
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
