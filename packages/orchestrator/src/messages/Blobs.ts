/** Images and files of messages: stored once, read by their hash. */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { StorageUnavailable } from "@threadfold/contracts"
import { mediaTypeOf } from "@threadfold/core"
import { type BlobDraft, BlobReads, Engine, type StoredBlob, type SubmitError } from "@threadfold/engine"
import { Clock, Context, Effect, Layer } from "effect"
import { BlobMismatch, BlobsFull, BlobUnknown } from "../Errors.js"
import { MessageLimits } from "./MessageLimits.js"

export interface BlobsService {
  /**
   * Stores bytes and answers when they are durable; those that are stored already stay as they are. `expected`: the hash that the sender
   * knows them by; null: none. A blob that no message refers to goes after a day.
   */
  readonly store: (
    bytes: Uint8Array,
    expected: string | null,
  ) => Effect.Effect<StoredBlob, BlobMismatch | BlobsFull | SubmitError | StorageUnavailable>
  /** A blob without its bytes; null: there is none of this hash. */
  readonly find: (hash: string) => Effect.Effect<StoredBlob | null, StorageUnavailable>
  /** A blob with its bytes. */
  readonly read: (hash: string) => Effect.Effect<BlobDraft, BlobUnknown | StorageUnavailable>
}

/** Bytes as a blob: their hash and type. The hash is made off this thread. */
export const blobOf = (bytes: Uint8Array): Effect.Effect<BlobDraft> =>
  Effect.map(
    // A copy that has its memory for itself, as the digest and the writer's thread want it.
    Effect.promise(() => globalThis.crypto.subtle.digest("SHA-256", Uint8Array.from(bytes))),
    (digest) => ({
      hash: Buffer.from(digest).toString("hex"),
      mediaType: mediaTypeOf(bytes),
      size: bytes.length,
      bytes,
    }),
  )

const make = Effect.gen(function* () {
  const engine = yield* Engine
  const reads = yield* BlobReads
  const { unusedBlobs, unusedBytes } = yield* MessageLimits
  // One at a time, so that two together are not more than the limit.
  const storing = yield* Effect.makeSemaphore(1)

  const requireRoom = (size: number) =>
    Effect.flatMap(reads.unused, ({ bytes, count }) =>
      count >= unusedBlobs || bytes + size > unusedBytes ? new BlobsFull({ count, bytes }) : Effect.void,
    )

  const store: BlobsService["store"] = (bytes, expected) =>
    Effect.gen(function* () {
      const blob = yield* blobOf(bytes)
      if (expected !== null && expected !== blob.hash) {
        return yield* new BlobMismatch({ expected, found: blob.hash })
      }
      const { hash, mediaType, size } = blob
      const known = yield* reads.find(hash)
      if (known === null) yield* requireRoom(size)
      // Also one that is known: it is kept as long as a new one.
      yield* engine.submit({ drafts: [], blobs: [blob] })
      const storedAt = known?.storedAt ?? (yield* Clock.currentTimeMillis)
      return (yield* reads.find(hash)) ?? { hash, mediaType, size, storedAt }
    })

  return Blobs.of({
    store: (bytes, expected) => storing.withPermits(1)(store(bytes, expected)),
    find: reads.find,
    read: (hash) =>
      Effect.flatMap(reads.read(hash), (blob) => (blob === null ? new BlobUnknown({ hash }) : Effect.succeed(blob))),
  })
})

export class Blobs extends Context.Tag("@threadfold/orchestrator/Blobs")<Blobs, BlobsService>() {
  static readonly layer: Layer.Layer<Blobs, never, Engine | SqlClient> = Layer.effect(Blobs, make).pipe(
    Layer.provide(BlobReads.layer),
  )
}
