/** The contract of every `BlobStore`. A new kind of store runs this suite. */
import { createHash } from "node:crypto"
import { afterEach, describe, expect, it } from "vitest"
import type { BlobDraft } from "../work/index.js"
import type { WorkUnderTest } from "./WorkStoreContract.js"

/** A blob of these words. */
export const sampleBlob = (words: string): BlobDraft => {
  const bytes = Buffer.from(words)
  return {
    hash: createHash("sha256").update(bytes).digest("hex"),
    mediaType: "application/octet-stream",
    size: bytes.length,
    bytes,
  }
}

/** Registers the suite for one kind of store. */
export const blobStoreContract = (name: string, open: () => WorkUnderTest): void => {
  describe(`BlobStore: ${name}`, () => {
    const opened: WorkUnderTest[] = []
    const fresh = () => {
      const made = open()
      opened.push(made)
      const { atomically, work } = made
      return { atomically, blobs: work.blobs, put: (blob: BlobDraft, now: number) => work.blobs.put(blob, now) }
    }
    afterEach(() => {
      for (const { dispose } of opened.splice(0)) dispose()
    })
    const [a, b] = [sampleBlob("a"), sampleBlob("b")]

    it("keeps a blob once, with the time of its first storing", () => {
      const { blobs, put } = fresh()
      expect(blobs.find(a.hash)).toBeNull()
      put(a, 1)
      put(a, 2)
      put(b, 3)
      expect(blobs.find(a.hash)).toEqual({ hash: a.hash, mediaType: a.mediaType, size: 1, storedAt: 1 })
      expect(blobs.find(b.hash)).toMatchObject({ storedAt: 3 })
    })

    it("sweeps what no thread refers to, and counts the time from its last storing", () => {
      const { blobs, put } = fresh()
      put(a, 1)
      put(b, 1)
      put(a, 5)
      expect(blobs.sweep(1, 10)).toBe(0)
      expect(blobs.sweep(5, 10)).toBe(1)
      expect([blobs.find(a.hash), blobs.find(b.hash)]).toMatchObject([{ hash: a.hash }, null])
      blobs.refer("thread", [a.hash])
      expect(blobs.sweep(1_000, 10)).toBe(0)
      expect(blobs.find(a.hash)).not.toBeNull()
    })

    it("sweeps at most as many as it was told", () => {
      const { blobs, put } = fresh()
      for (let index = 0; index < 5; index++) put(sampleBlob(`${index}`), index)
      expect([blobs.sweep(9, 2), blobs.sweep(9, 2), blobs.sweep(9, 2), blobs.sweep(9, 2)]).toEqual([2, 2, 1, 0])
    })

    it("removes a blob with the last thread that refers to it, and what was referred to before it came", () => {
      const { blobs, put } = fresh()
      put(a, 1)
      blobs.refer("one", [a.hash, b.hash, a.hash])
      blobs.refer("two", [a.hash])
      put(b, 2)
      expect(blobs.sweep(1_000, 10)).toBe(0)
      expect(blobs.removeSome("one", 10)).toEqual({ references: 2, blobs: 1, bytes: 1 })
      expect([blobs.find(a.hash), blobs.find(b.hash)]).toMatchObject([{ hash: a.hash }, null])
      expect(blobs.removeSome("one", 10)).toEqual({ references: 0, blobs: 0, bytes: 0 })
      expect(blobs.removeSome("two", 10)).toEqual({ references: 1, blobs: 1, bytes: 1 })
      expect(blobs.find(a.hash)).toBeNull()
    })

    it("removes few blobs at a step where they are long, and one that is longer than a step alone", () => {
      for (const isReferred of [true, false]) {
        const { blobs, put } = fresh()
        const sizes = [1, 2, 100, 100, 100, 300, 1]
        const made = sizes.map((kib, index) => sampleBlob(`${index}`.repeat(kib * 1_024)))
        for (const [index, blob] of made.entries()) {
          if (isReferred) blobs.refer("thread", [blob.hash])
          put(blob, index)
        }
        const left = () => made.flatMap(({ hash, size }) => (blobs.find(hash) === null ? [] : [size]))
        for (let before = left(), steps = 0; before.length > 0; steps++) {
          expect(steps).toBeLessThan(sizes.length)
          if (isReferred) blobs.removeSome("thread", 100)
          else blobs.sweep(9, 100)
          const after = left()
          const sum = [before, after].map((some) => some.reduce((all, size) => all + size, 0))
          const bytes = (sum[0] ?? 0) - (sum[1] ?? 0)
          expect(bytes > 0 && (bytes <= 256 * 1_024 || before.length - after.length === 1)).toBe(true)
          before = after
        }
      }
    })

    it("removes at most as many references at a step as it was told", () => {
      const { blobs } = fresh()
      blobs.refer("thread", [a.hash, b.hash, sampleBlob("c").hash])
      expect([blobs.removeSome("thread", 2), blobs.removeSome("thread", 2)]).toMatchObject([
        { references: 2 },
        { references: 1 },
      ])
    })

    it("is rolled back with the transaction", () => {
      const { atomically, blobs, put } = fresh()
      const failing = () =>
        atomically(() => {
          put(a, 1)
          blobs.refer("thread", [a.hash])
          throw new Error("no")
        })
      expect(failing).toThrow("no")
      expect(blobs.find(a.hash)).toBeNull()
      put(a, 2)
      expect(blobs.sweep(3, 10)).toBe(1)
    })
  })
}
