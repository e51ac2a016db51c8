/// <reference lib="es2024.arraybuffer" />
/**
 * The bytes of a line that has not ended. What is long goes into one block that grows where it is and is given back at once when the
 * line is read: chunks and a copy of them would stay in memory until the garbage is collected next.
 */
/** Bytes up to which chunks are held as they came. */
const fewBytes = 1024 * 1024
/** The block grows by so many bytes. */
const step = 1024 * 1024

export class HeldBytes {
  private chunks: Uint8Array[] = []
  private block: ArrayBuffer | null = null
  /** How many bytes are held. */
  length = 0

  /** @param limit most bytes that will ever be held */
  constructor(private readonly limit: number) {}

  add(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    const before = this.length
    this.length += chunk.length
    if (this.block === null && this.length <= fewBytes) {
      this.chunks.push(chunk)
      return
    }
    if (this.block === null) this.block = this.begun()
    write(this.block, chunk, before, this.limit)
  }

  /** The bytes as text; none are held then. */
  take(): string {
    const { block, chunks, length } = this
    this.chunks = []
    this.block = null
    this.length = 0
    if (block !== null) {
      const text = Buffer.from(block).toString("utf8", 0, length)
      block.resize(0)
      return text
    }
    const [only] = chunks
    const bytes =
      chunks.length === 1 && only !== undefined
        ? Buffer.from(only.buffer, only.byteOffset, only.byteLength)
        : Buffer.concat(chunks)
    return bytes.toString("utf8")
  }

  /** Lets go what is held. */
  drop(): void {
    this.block?.resize(0)
    this.block = null
    this.chunks = []
    this.length = 0
  }

  private begun(): ArrayBuffer {
    const block = new ArrayBuffer(0, { maxByteLength: this.limit })
    let at = 0
    for (const chunk of this.chunks) {
      write(block, chunk, at, this.limit)
      at += chunk.length
    }
    this.chunks = []
    return block
  }
}

const write = (block: ArrayBuffer, chunk: Uint8Array, at: number, limit: number): void => {
  const end = at + chunk.length
  if (end > block.byteLength) block.resize(Math.min(limit, Math.max(end, block.byteLength + step)))
  new Uint8Array(block).set(chunk, at)
}
