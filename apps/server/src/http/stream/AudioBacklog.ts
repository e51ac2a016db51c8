/** Audio that waits for the socket of one stream. It is live or nothing: a reader that is too slow misses the oldest of it. */
import type { HeardAudio } from "@threadfold/orchestrator"
import { audioFrame } from "./Frame.js"

/** Pieces that wait at most: some ten seconds of what voices send. */
const maxPieces = 512

export class AudioBacklog {
  private pieces: HeardAudio[] = []
  private length = 0
  private missed = 0

  /** @param maxLength what may wait, characters of base64 */
  constructor(private readonly maxLength: number) {}

  get isEmpty(): boolean {
    return this.pieces.length === 0
  }

  push(piece: HeardAudio): void {
    this.pieces.push(piece)
    this.length += piece.data.length
    while (this.pieces.length > maxPieces || this.length > this.maxLength) {
      this.length -= this.pieces.shift()?.data.length ?? 0
      this.missed += 1
    }
  }

  /** The frames of the oldest pieces, as many as fit into one write. The first one says how many were missed before it. */
  take(maxBytes: number): readonly Buffer[] {
    const frames: Buffer[] = []
    for (let bytes = 0; bytes < maxBytes; ) {
      const piece = this.pieces.shift()
      if (piece === undefined) break
      this.length -= piece.data.length
      const frame = audioFrame({ ...piece, missed: this.missed })
      this.missed = 0
      bytes += frame.length
      frames.push(frame)
    }
    return frames
  }
}
