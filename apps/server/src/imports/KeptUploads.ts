/**
 * Uploads that are kept for a while, so that who follows a growing file sends only what was added. The file has no name, and is imported
 * from its beginning each time: what is in the log is that of a whole import.
 */
import { createHash, type Hash } from "node:crypto"
import type { FileHandle } from "node:fs/promises"
import type { IncomingMessage } from "node:http"
import { Problem } from "@threadfold/contracts/problem"
import { Clock, Context, Effect, Layer, type Scope } from "effect"
import { writeProblem } from "../offline/databaseProblem.js"
import { Purges } from "../purges/Purges.js"
import { type OpenedRecording, openedRecording } from "./fileRecording.js"
import { ImportSettings } from "./ImportSettings.js"
import { openNameless, receiveBody, requireRoom, type UploadLimits } from "./upload.js"

/** How many uploads are kept at most, and how many bytes of them together. */
const mostKept = 64
const mostBytes = 1024 ** 3
/** How long one is kept after its last use, ms, and how often that is looked at. */
const keptMs = 10 * 60_000
const lookEvery = "1 minute"

/** What a call says of the upload that it goes on with. */
export interface UploadPart {
  readonly uploadId: string
  /** Bytes that were sent before. */
  readonly from: number
  /** Their SHA-256, hex; null: there are none. */
  readonly prefix: string | null
}

export interface KeptUploadsService {
  /**
   * The recording that an upload is with this body. It is not closed with the scope, but free for the next call. Fails with
   * `upload-not-kept` where the bytes before are others or not kept, `import-conflict` while another call uses it, and with what
   * {@link receiveBody} refuses: then it is as it was before.
   */
  readonly recording: (
    message: IncomingMessage,
    name: string,
    part: UploadPart,
    limits: UploadLimits,
  ) => Effect.Effect<OpenedRecording, Problem, Scope.Scope>
}

/** A file that is kept. */
class Kept {
  size = 0
  usedAt = 0
  isUsed = true
  hash: Hash = createHash("sha256")

  constructor(readonly handle: FileHandle) {}

  get digest(): string {
    return this.hash.copy().digest("hex")
  }

  /** Adds a body at the end; one that breaks off leaves the file as it was. */
  add(message: IncomingMessage, directory: string, limits: UploadLimits): Effect.Effect<void, Problem> {
    return Effect.suspend(() => {
      const hash = this.hash.copy()
      let end = this.size
      const write = async (piece: Buffer, from: number) => {
        const { bytesWritten } = await this.handle.write(piece, from, piece.length - from, end)
        hash.update(piece.subarray(from, from + bytesWritten))
        end += bytesWritten
        return { bytesWritten }
      }
      const body = receiveBody(message, { write }, directory, { ...limits, bytes: limits.bytes - this.size })
      // A body that broke off before may have left more bytes.
      const cut = (at: number) =>
        Effect.tryPromise({ try: () => this.handle.truncate(at), catch: (error) => writeProblem(directory, error) })
      return body.pipe(
        Effect.zipRight(Effect.suspend(() => cut(end))),
        Effect.zipRight(
          Effect.sync(() => {
            this.hash = hash
            this.size = end
          }),
        ),
      )
    })
  }
}

class Uploads {
  /** By their ids, the one that was used longest ago first. */
  private readonly kept = new Map<string, Kept>()

  constructor(private readonly directory: string) {}

  /** Whether anything is kept. */
  get some(): boolean {
    return this.kept.size > 0
  }

  readonly take = ({ from, prefix, uploadId }: UploadPart): Effect.Effect<Kept, Problem> =>
    Effect.suspend(() => {
      const known = this.kept.get(uploadId)
      if (known?.isUsed === true) {
        return new Problem({ slug: "import-conflict", detail: `Another call goes on with upload ${uploadId}.` })
      }
      if (from === 0) return Effect.zipRight(this.drop(uploadId), this.begin(uploadId))
      if (known === undefined || known.size !== from || known.digest !== prefix) {
        return new Problem({
          slug: "upload-not-kept",
          detail: `The first ${from} bytes of upload ${uploadId} are not here, or are others.`,
        })
      }
      this.kept.delete(uploadId)
      this.kept.set(uploadId, known)
      known.isUsed = true
      return Effect.succeed(known)
    })

  /** Frees an upload for its next call, or closes it: others have its place, there is no room for it, or it was dropped meanwhile. */
  readonly free = (kept: Kept, { minFreeBytes }: UploadLimits): Effect.Effect<void> =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      kept.isUsed = false
      kept.usedAt = now
      if (![...this.kept.values()].includes(kept)) return close(kept)
      const isFull = requireRoom(this.directory, { minFreeBytes }, 0) !== null
      return this.dropWhere((_kept, count, bytes) => isFull || count > mostKept || bytes > mostBytes)
    })

  readonly dropOld: Effect.Effect<void> = Effect.flatMap(Clock.currentTimeMillis, (now) =>
    this.dropWhere(({ usedAt }) => now - usedAt > keptMs),
  )

  /** Those that a call uses are closed at its end. */
  readonly dropAll: Effect.Effect<void> = Effect.suspend(() => {
    const free = [...this.kept.values()].filter(({ isUsed }) => !isUsed)
    this.kept.clear()
    return Effect.forEach(free, close, { discard: true })
  })

  private begin(uploadId: string): Effect.Effect<Kept, Problem> {
    return Effect.map(openNameless(this.directory), (handle) => {
      const fresh = new Kept(handle)
      this.kept.set(uploadId, fresh)
      return fresh
    })
  }

  private drop(uploadId: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      const known = this.kept.get(uploadId)
      this.kept.delete(uploadId)
      return known === undefined ? Effect.void : close(known)
    })
  }

  /** Drops the free ones of which that is so, the oldest first. @param isDue with how many there are, and their bytes */
  private dropWhere(isDue: (kept: Kept, count: number, bytes: number) => boolean): Effect.Effect<void> {
    return Effect.suspend(() => {
      let bytes = [...this.kept.values()].reduce((sum, { size }) => sum + size, 0)
      const due: Kept[] = []
      for (const [id, kept] of this.kept) {
        if (kept.isUsed || !isDue(kept, this.kept.size, bytes)) continue
        this.kept.delete(id)
        bytes -= kept.size
        due.push(kept)
      }
      return Effect.forEach(due, close, { discard: true })
    })
  }
}

const close = ({ handle }: Kept): Effect.Effect<void> => Effect.promise(() => handle.close())

export class KeptUploads extends Context.Tag("@threadfold/server/KeptUploads")<KeptUploads, KeptUploadsService>() {
  static readonly layer: Layer.Layer<KeptUploads, never, ImportSettings | Purges> = Layer.scoped(
    KeptUploads,
    Effect.gen(function* () {
      const { directory } = yield* ImportSettings
      const uploads = yield* Effect.acquireRelease(
        Effect.sync(() => new Uploads(directory)),
        ({ dropAll }) => dropAll,
      )
      // What was said in a purged thread is not kept here either.
      yield* (yield* Purges).onPurged(() => void Effect.runFork(uploads.dropAll))
      const scope = yield* Effect.scope
      let isLooking = false
      /** Looks again and again, for as long as something is kept. */
      const look = Effect.suspend(() => {
        if (isLooking) return Effect.void
        isLooking = true
        return Effect.delay(uploads.dropOld, lookEvery).pipe(
          Effect.repeat({ while: () => uploads.some }),
          Effect.ensuring(
            Effect.sync(() => {
              isLooking = false
            }),
          ),
          // It is begun where an upload is freed, which nothing interrupts; the end of the server interrupts this.
          Effect.interruptible,
          Effect.forkIn(scope),
          Effect.asVoid,
        )
      })
      return {
        recording: (message, name, part, limits) =>
          Effect.acquireRelease(uploads.take(part), (kept) => Effect.zipRight(uploads.free(kept, limits), look)).pipe(
            Effect.tap((kept) => kept.add(message, directory, limits)),
            Effect.map(({ handle }) => openedRecording(handle.fd, name)),
          ),
      }
    }),
  )
}
