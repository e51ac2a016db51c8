/** Keeps the end of a long text: the last bytes of a process's stderr. */

export interface TextTail {
  readonly push: (bytes: Uint8Array) => void
  /** The kept text, from the first whole character on. */
  readonly text: () => string
  /** True: there was text before it. */
  readonly isCut: () => boolean
}

/** Keeps the last `limit` bytes. */
export const makeTextTail = (limit: number): TextTail => {
  const ring = Buffer.alloc(limit)
  let written = 0
  return {
    push: (bytes) => {
      const kept = bytes.subarray(Math.max(0, bytes.length - limit))
      const start = (written + bytes.length - kept.length) % limit
      const head = kept.subarray(0, limit - start)
      ring.set(head, start)
      ring.set(kept.subarray(head.length), 0)
      written += bytes.length
    },
    text: () => {
      if (written <= limit) return ring.toString("utf8", 0, written)
      const split = written % limit
      const whole = Buffer.concat([ring.subarray(split), ring.subarray(0, split)])
      // The cut may fall inside a character. Its remaining bytes (10xxxxxx, at most three) are skipped.
      let from = 0
      while (from < 3 && ((whole[from] ?? 0) & 0b1100_0000) === 0b1000_0000) from += 1
      return whole.toString("utf8", from)
    },
    isCut: () => written > limit,
  }
}
