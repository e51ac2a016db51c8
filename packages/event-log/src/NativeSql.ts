/** The statements of native bodies, shared by the writer's driver and the read-only log. */
import { readBlock, unpackBody } from "./NativeBodies.js"

/** A body beside its event, or the key of a long one. Binds the sequence. */
export const selectNativeSql = "SELECT body, blob FROM native WHERE sequence = ?"
/** A long body, as text or packed. Binds its key. */
export const selectBlobSql = "SELECT body FROM blobs WHERE sha256 = ?"
/** The block that holds a sequence, if any. Binds the sequence twice. */
export const selectBlockSql =
  "SELECT body FROM native_blocks WHERE first_sequence <= ? AND last_sequence >= ? ORDER BY first_sequence DESC LIMIT 1"

/** What `selectNativeSql` yields; one of the two is null. */
export interface NativeRow {
  readonly body: string | null
  readonly blob: string | null
}
/** What `selectBlobSql` yields. */
export interface BlobRow {
  readonly body: string | Buffer
}
/** What `selectBlockSql` yields. */
export interface BlockRow {
  readonly body: Buffer
}

/** The text of a long body. */
export const blobText = (row: BlobRow): string => (typeof row.body === "string" ? row.body : unpackBody(row.body))
/** The text of a body that was packed with its neighbours, or null. */
export const blockText = (row: BlockRow, sequence: number): string | null => readBlock(row.body, sequence)
