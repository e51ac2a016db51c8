/** Reads of blobs, on a read-only connection. */
import { SqlClient } from "@effect/sql/SqlClient"
import type { StorageUnavailable } from "@threadfold/contracts"
import { Context, Effect, Layer } from "effect"
import { cannotRead } from "../Errors.js"
import type { BlobDraft, StoredBlob } from "./BlobStore.js"
import { blobColumns } from "./SqliteBlobs.js"

const unread = cannotRead("blobs")

export interface BlobReadsService {
  /** A blob without its bytes; null: there is none of this hash. */
  readonly find: (hash: string) => Effect.Effect<StoredBlob | null, StorageUnavailable>
  /** A blob with its bytes; null: there is none of this hash. */
  readonly read: (hash: string) => Effect.Effect<BlobDraft | null, StorageUnavailable>
  /** How many blobs no thread refers to, and their bytes; it costs as much as there are. */
  readonly unused: Effect.Effect<{ readonly count: number; readonly bytes: number }, StorageUnavailable>
}

/** Reads of blobs. Each fails with `StorageUnavailable` where the database cannot be read. */
export class BlobReads extends Context.Tag("@threadfold/engine/BlobReads")<BlobReads, BlobReadsService>() {
  static readonly layer: Layer.Layer<BlobReads, never, SqlClient> = Layer.effect(
    BlobReads,
    Effect.map(
      SqlClient,
      (sql): BlobReadsService => ({
        find: (hash) =>
          sql<StoredBlob>`SELECT ${sql.literal(blobColumns)} FROM message_blobs WHERE hash = ${hash}`.pipe(
            Effect.map(([row]) => row ?? null),
            Effect.mapError(unread),
          ),
        read: (hash) =>
          sql<BlobDraft>`SELECT hash, media_type AS "mediaType", size, body AS "bytes" FROM message_blobs
          WHERE hash = ${hash}`.pipe(
            Effect.map(([row]) => row ?? null),
            Effect.mapError(unread),
          ),
        unused: sql<{ readonly count: number; readonly bytes: number }>`SELECT count(*) AS "count",
        coalesce(sum(size), 0) AS "bytes" FROM message_blobs WHERE unused_since IS NOT NULL`.pipe(
          Effect.map(([row]) => row ?? { count: 0, bytes: 0 }),
          Effect.mapError(unread),
        ),
      }),
    ),
  )
}
