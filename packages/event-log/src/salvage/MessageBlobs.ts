/** Images and files of messages: those to which copied events refer go into the copy, each checked by its hash. */
import { createHash } from "node:crypto"
import { mediaTypeOf } from "@threadfold/core"
import type { EventRow } from "../EventRow.js"
import type { Catalogue } from "./Catalogue.js"

/** The images and files of the copy: this package does not know how they are kept. Everything is synchronous. */
export interface CopiedBlobs {
  /** Hashes of those to which an event refers. */
  readonly ofEvent: (event: Pick<EventRow, "type" | "payload">) => readonly string[]
  /** Notes that a stream refers to them. */
  readonly refer: (streamId: string, hashes: readonly string[]) => void
  readonly put: (
    blob: { readonly hash: string; readonly mediaType: string; readonly size: number; readonly bytes: Uint8Array },
    storedAt: number,
  ) => void
}

export class MessageBlobs {
  copied = 0
  bytes = 0
  /** Hashes of those that the file does not have. */
  readonly missing: string[] = []
  /** Hashes of those whose bytes are others. */
  readonly damaged: string[] = []
  private readonly referred = new Set<string>()

  constructor(
    private readonly catalogue: Pick<Catalogue, "messageBlob">,
    private readonly copy: CopiedBlobs,
  ) {}

  /** An event was copied. */
  event(event: Pick<EventRow, "streamId" | "type" | "payload">): void {
    // What a redaction left of a hash refers to none.
    const hashes = this.copy.ofEvent(event).filter((hash) => /^[0-9a-f]{64}$/.test(hash))
    if (hashes.length === 0) return
    this.copy.refer(event.streamId, hashes)
    for (const hash of hashes) this.referred.add(hash)
  }

  /** Copies them; `transaction` runs each write. */
  run(transaction: (write: () => void) => void): void {
    for (const hash of this.referred) {
      const found = this.catalogue.messageBlob(hash)
      if (found === null) this.missing.push(hash)
      else if (createHash("sha256").update(found.bytes).digest("hex") !== hash) this.damaged.push(hash)
      else {
        const { bytes, storedAt } = found
        // The type is what the bytes show.
        const blob = { hash, mediaType: mediaTypeOf(bytes), size: bytes.length, bytes }
        transaction(() => this.copy.put(blob, storedAt))
        this.copied += 1
        this.bytes += bytes.length
      }
    }
  }
}
