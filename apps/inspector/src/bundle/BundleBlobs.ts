/** The images and files that a bundle carries: in pieces of base64 behind the events that refer to them, each with the digest it is named by. */
import { sha256 } from "@noble/hashes/sha2.js"
import { bytesToHex } from "@noble/hashes/utils.js"

/** A blob in memory. */
export interface BundleBlob {
  readonly mediaType: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** A blob of which pieces are missing. */
interface Begun {
  readonly hash: string
  readonly mediaType: string
  /** Its whole length, bytes. */
  readonly length: number
  /** Room for what has come. */
  bytes: Uint8Array<ArrayBuffer>
  taken: number
}

/** Longest blob, bytes. */
const longestBlob = 64 * 1024 * 1024

const isHash = (value: unknown): value is string => typeof value === "string" && /^[0-9a-f]{64}$/.test(value)

/** The bytes of base64; null: it is none. */
const bytesOf = (text: string): string | null => {
  try {
    return atob(text)
  } catch {
    return null
  }
}

export class BundleBlobs {
  readonly #all = new Map<string, BundleBlob>()
  #begun: Begun | null = null

  /** A blob by its hash; null: the bundle does not carry it. */
  find(hash: string): BundleBlob | null {
    return this.#all.get(hash) ?? null
  }

  /** A blob begins. Returns what is wrong with it; null: nothing is. */
  begin({ hash, mediaType, size }: Readonly<Record<string, unknown>>): string | null {
    const cut = this.cut()
    if (cut !== null) return cut
    if (!isHash(hash) || typeof mediaType !== "string" || !Number.isSafeInteger(size)) return "it is no blob"
    const length = Number(size)
    if (length < 0 || length > longestBlob) return "a blob is longer than a page takes"
    // Room is made for what comes, not for what is said: a line may say anything.
    this.#begun = { hash, mediaType, bytes: new Uint8Array(Math.min(length, 1024 * 1024)), length, taken: 0 }
    return this.#ended()
  }

  /** The next piece of it. */
  piece(text: string): string | null {
    const begun = this.#begun
    if (begun === null) return "bytes are of no blob"
    const piece = bytesOf(text)
    if (piece === null || piece === "") return "it is no base64"
    const end = begun.taken + piece.length
    if (end > begun.length) return "a blob has more bytes than it says"
    if (end > begun.bytes.length) {
      const more = new Uint8Array(Math.min(begun.length, Math.max(end, begun.bytes.length * 2)))
      more.set(begun.bytes)
      begun.bytes = more
    }
    for (let at = 0; at < piece.length; at += 1) begun.bytes[begun.taken + at] = piece.charCodeAt(at)
    begun.taken = end
    return this.#ended()
  }

  /** What is wrong where something else follows. */
  cut(): string | null {
    return this.#begun === null ? null : "a blob before it is cut"
  }

  #ended(): string | null {
    const begun = this.#begun
    if (begun === null || begun.taken < begun.length) return null
    this.#begun = null
    if (bytesToHex(sha256(begun.bytes)) !== begun.hash) return "the bytes of a blob are not those of its hash"
    this.#all.set(begun.hash, { mediaType: begun.mediaType, bytes: begun.bytes })
    return null
  }
}
