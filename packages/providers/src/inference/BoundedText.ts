/** A text that grows piece by piece and is held up to a bound: of the rest, its size and its digest are known. */
import { createHash, type Hash } from "node:crypto"
import type { ItemTruncation } from "@threadfold/contracts"
import { maxItemBytes } from "./Signal.js"

export class BoundedText {
  private held = ""
  private bytes = 0
  private hash: Hash | null = null

  /** @param limit most bytes that are held */
  constructor(private readonly limit: number = maxItemBytes) {}

  add(piece: string): void {
    const size = Buffer.byteLength(piece)
    if (this.hash === null && this.bytes + size > this.limit) this.hash = createHash("sha256").update(this.held)
    this.bytes += size
    if (this.hash === null) this.held += piece
    else this.hash.update(piece)
  }

  /** The text, or as much of it as is held. */
  get text(): string {
    return this.held
  }

  /** Set where a part is not held. To be asked once, at the end. */
  truncation(): ItemTruncation | undefined {
    return this.hash === null ? undefined : { bytes: this.bytes, sha256: this.hash.digest("hex") }
  }
}
