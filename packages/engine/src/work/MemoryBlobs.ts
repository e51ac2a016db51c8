/** Blobs in memory, for tests and for offline commands that fold into Maps. */
import { Portion } from "@threadfold/core"
import type { BlobStore, StoredBlob } from "./BlobStore.js"

/** A blob, and since when no thread refers to it; null: one does. */
interface Held extends StoredBlob {
  readonly unusedSince: number | null
}

/** A store in memory, and how its writes are taken back. */
export interface MemoryBlobs extends BlobStore {
  /** Remembers what is there; the answer brings it back. */
  readonly mark: () => () => void
}

/** A store in memory; empty at first. It keeps no bytes: nothing reads them. */
export const memoryBlobs = (): MemoryBlobs => {
  let blobs: ReadonlyMap<string, Held> = new Map()
  let references: readonly (readonly [threadId: string, hash: string])[] = []
  const isUsed = (hash: string): boolean => references.some(([, used]) => used === hash)
  const set = (held: Held): void => {
    blobs = new Map(blobs).set(held.hash, held)
  }
  const remove = (hash: string): boolean => {
    const left = new Map(blobs)
    const isRemoved = left.delete(hash)
    blobs = left
    return isRemoved
  }
  return {
    mark: () => {
      const before = { blobs, references }
      return () => {
        blobs = before.blobs
        references = before.references
      }
    },
    find: (hash) => {
      const held = blobs.get(hash)
      if (held === undefined) return null
      const { mediaType, size, storedAt } = held
      return { hash, mediaType, size, storedAt }
    },
    put: ({ hash, mediaType, size }, now) => {
      const { storedAt = now } = blobs.get(hash) ?? {}
      set({ hash, mediaType, size, storedAt, unusedSince: isUsed(hash) ? null : now })
    },
    refer: (threadId, hashes) => {
      for (const hash of hashes) {
        if (!references.some(([thread, used]) => thread === threadId && used === hash)) {
          references = [...references, [threadId, hash]]
        }
        const held = blobs.get(hash)
        if (held !== undefined) set({ ...held, unusedSince: null })
      }
    },
    removeSome: (threadId, limit) => {
      const portion = new Portion(limit)
      const others = new Set(references.flatMap(([thread, hash]) => (thread === threadId ? [] : [hash])))
      const sizeOf = (hash: string): number => (others.has(hash) ? 0 : (blobs.get(hash)?.size ?? 0))
      const gone = references.filter(([thread, hash]) => thread === threadId && portion.takes(sizeOf(hash)))
      references = references.filter((reference) => !gone.includes(reference))
      const removed = gone.filter(([, hash]) => !isUsed(hash) && remove(hash))
      return { references: gone.length, blobs: removed.length, bytes: portion.bytes }
    },
    sweep: (before, limit) => {
      const portion = new Portion(limit)
      const old = [...blobs.values()].filter(
        ({ size, unusedSince }) => unusedSince !== null && unusedSince < before && portion.takes(size),
      )
      for (const { hash } of old) remove(hash)
      return old.length
    },
  }
}
