/**
 * An upload as a recording. It is kept in a file without a name while it is imported: a recording is looked into before any of
 * it is stored, and an upload that breaks off must not look like the end of a recording.
 */
import { randomUUID } from "node:crypto"
import { type FileHandle, open, unlink } from "node:fs/promises"
import type { IncomingMessage } from "node:http"
import { join } from "node:path"
import { Problem } from "@threadfold/contracts/problem"
import { diskSpace } from "@threadfold/event-log"
import { Effect, type Scope } from "effect"
import { brokenOff, tooLarge } from "../http/node/body.js"
import { askForBody, liftBodyDeadline } from "../http/node/bodyArrival.js"
import { writeProblem } from "../offline/databaseProblem.js"
import { type OpenedRecording, openedRecording } from "./fileRecording.js"

export interface UploadLimits {
  /** Longest upload, bytes. */
  readonly bytes: number
  /** How long its sender may be silent, ms. */
  readonly silentMs: number
  /** Bytes of the disk that must stay free. */
  readonly minFreeBytes: number
}

/** How many bytes are taken between two looks at the room on the disk. */
export const lookEvery = 16 * 1024 ** 2

/** Opens a file that has no name any more: whatever happens to this process, it is gone with it. Its caller closes it. */
export const openNameless = (directory: string): Effect.Effect<FileHandle, Problem> =>
  Effect.tryPromise({
    try: async () => {
      const file = join(directory, `upload-${randomUUID()}`)
      const handle = await open(file, "wx+", 0o600)
      await unlink(file)
      return handle
    },
    catch: (error) => writeProblem(directory, error),
  })

/** The same for the life of the scope. */
export const namelessFile = (directory: string): Effect.Effect<FileHandle, Problem, Scope.Scope> =>
  Effect.acquireRelease(openNameless(directory), (handle) => Effect.promise(() => handle.close()))

/** A file that a body is written to. */
export interface BodyFile {
  /** Writes at the end of the file what follows `from` in the piece, or a part of it. */
  readonly write: (piece: Buffer, from: number) => Promise<{ readonly bytesWritten: number }>
}

export const writeAll = async (handle: BodyFile, piece: Buffer): Promise<void> => {
  for (let from = 0; from < piece.length; ) from += (await handle.write(piece, from)).bytesWritten
}

/** Whether a disk has room for so many more bytes. */
export const requireRoom = (
  directory: string,
  { minFreeBytes }: Pick<UploadLimits, "minFreeBytes">,
  bytes: number,
): Problem | null => {
  const freeBytes = diskSpace(directory, {})?.freeBytes
  if (freeBytes === undefined || freeBytes - bytes >= minFreeBytes) return null
  return new Problem({
    slug: "disk-full",
    detail: `The disk has ${freeBytes} bytes left, ${minFreeBytes} of them are kept free: there is no room for this upload.`,
  })
}

/**
 * Writes a body to a file, piece by piece: the next one is taken when the last one is written. Ends when all of it is written: Node
 * tells of a body's end as soon as its last piece is taken, paused or not. Fails with `payload-too-large` or `disk-full` as soon
 * as that is known, with `invalid-request` where the body breaks off or its sender is silent for too long.
 */
export const receiveBody = (
  message: IncomingMessage,
  handle: BodyFile,
  directory: string,
  limits: UploadLimits,
): Effect.Effect<void, Problem> =>
  Effect.async<void, Problem>((resume) => {
    const announced = Number(message.headers["content-length"] ?? 0)
    const refusal =
      announced > limits.bytes ? tooLarge(limits.bytes, announced) : requireRoom(directory, limits, announced)
    if (refusal !== null) return resume(Effect.fail(refusal))
    let bytes = 0
    let lookAt = lookEvery
    let isOver = false
    let isWriting = false
    let hasEnded = false
    const stop = (): void => {
      isOver = true
      clearTimeout(silence)
      message.off("data", onData).off("end", onEnd).off("error", onBroken).off("close", onBroken).pause()
    }
    const settle = (result: Effect.Effect<void, Problem>): void => {
      if (isOver) return
      stop()
      resume(result)
    }
    const silence = setTimeout(
      () => settle(new Problem({ slug: "invalid-request", detail: "The body did not go on in time." })),
      limits.silentMs,
    )
    const onData = (piece: Buffer): void => {
      bytes += piece.length
      if (bytes > limits.bytes) return settle(Effect.fail(tooLarge(limits.bytes, null)))
      if (bytes > lookAt) {
        lookAt = bytes + lookEvery
        const full = requireRoom(directory, limits, lookEvery)
        if (full !== null) return settle(Effect.fail(full))
      }
      silence.refresh()
      message.pause()
      isWriting = true
      writeAll(handle, piece).then(
        () => {
          isWriting = false
          if (hasEnded) settle(Effect.void)
          else if (!isOver) message.resume()
        },
        (error: unknown) => settle(Effect.fail(writeProblem(directory, error))),
      )
    }
    const onEnd = (): void => {
      hasEnded = true
      if (!isWriting) settle(Effect.void)
    }
    const onBroken = (): void => {
      // A whole body is closed, too, while its last piece is written.
      if (!hasEnded) settle(Effect.fail(brokenOff()))
    }
    message.on("data", onData).on("end", onEnd).on("error", onBroken).on("close", onBroken)
    liftBodyDeadline(message)
    askForBody(message)
    return Effect.sync(stop)
  })

/** The body of a call, whole, under the name that the caller has for it. It is gone when the scope ends. */
export const uploadedRecording = (
  message: IncomingMessage,
  name: string,
  directory: string,
  limits: UploadLimits,
): Effect.Effect<OpenedRecording, Problem, Scope.Scope> =>
  Effect.gen(function* () {
    const handle = yield* namelessFile(directory)
    yield* receiveBody(message, handle, directory, limits)
    return openedRecording(handle.fd, name)
  })
