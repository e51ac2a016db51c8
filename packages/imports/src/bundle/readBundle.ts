/** The lines of a bundle, checked: memory holds one of them, however long the bundle is. */
import { createHash, type Hash } from "node:crypto"
import { Readable } from "node:stream"
import { createGunzip } from "node:zlib"
import type { RestoredEvent } from "@threadfold/engine"
import { Either } from "effect"
import { BundleInvalid } from "./bundleFailures.js"
import {
  type BlobEntry,
  type BundleLine,
  type BundleSeal,
  bundleVersion,
  type Head,
  maxLineBytes,
  readHead,
  readLine,
  type StreamSeal,
  versionOfHead,
  versionWithoutBlobs,
} from "./format.js"
import { ReadBlobs } from "./ReadBlobs.js"

/** Takes what a bundle holds, in order. */
export interface BundleVisitor {
  readonly head: (head: Head) => void | Promise<void>
  readonly stream: (streamId: string) => void | Promise<void>
  readonly event: (event: RestoredEvent) => void | Promise<void>
  /** A blob begins: its pieces follow, then it is `full`, and its bytes are those of its hash. */
  readonly blob: (entry: BlobEntry) => void | Promise<void>
  readonly piece: (bytes: Uint8Array) => void | Promise<void>
  readonly full: () => void | Promise<void>
  /** A stream ends. `lacking`: blobs to which it refers, and that are not in the bundle. */
  readonly sealed: (seal: StreamSeal, lacking: readonly string[]) => void | Promise<void>
  readonly end: (seal: BundleSeal) => void | Promise<void>
}

/** How much a bundle unpacks to before its ratio is looked at, bytes. */
const ratioFrom = 64 * 1024 * 1024
/** Bytes that one byte of a bundle unpacks to at most, on the whole: recorded sessions have 5 to 40. */
const maxRatio = 250

const newline = 0x0a
const isGzip = (head: Uint8Array): boolean => head[0] === 0x1f && head[1] === 0x8b

/** The state of a reading. Every line goes through it once. */
class Reading {
  private readonly whole = createHash("sha256")
  private own: Hash = createHash("sha256")
  private number = 0
  private begun = false
  private streamId: string | null = null
  private lastStream = ""
  private version = 0
  private isOver = false
  private readonly counts = { streams: 0, events: 0, bodies: 0 }
  private blobs = new ReadBlobs(false)

  constructor(
    private readonly name: string,
    private readonly visitor: BundleVisitor,
  ) {}

  async line(bytes: Buffer): Promise<void> {
    this.number += 1
    if (this.isOver) throw this.damaged("something follows its end")
    const text = bytes.toString("utf8")
    if (!this.begun) await this.head(text)
    else await this.record(text, bytes)
    if (!this.isOver) this.whole.update(bytes).update("\n")
  }

  end(): void {
    if (!this.begun) throw this.invalid("not", "it is empty")
    if (!this.isOver) throw this.damaged("its end is missing")
  }

  private async head(text: string): Promise<void> {
    const version = versionOfHead(text)
    if (version === null) throw this.invalid("not", "it does not begin as a bundle of Threadfold does")
    if (version > bundleVersion) {
      throw this.invalid(
        "newer",
        `its format is version ${version}, and this program reads up to version ${bundleVersion}`,
      )
    }
    const head = Either.getOrThrowWith(readHead(text), (why) => this.damaged(why))
    this.begun = true
    this.blobs = new ReadBlobs(head.version !== versionWithoutBlobs)
    await this.visitor.head(head)
  }

  private async record(text: string, bytes: Buffer): Promise<void> {
    const line = Either.getOrThrowWith(readLine(text, this.streamId ?? ""), (why) => this.damaged(why))
    switch (line.kind) {
      case "stream": {
        if (this.streamId !== null) throw this.damaged(`stream ${this.streamId} has no seal`)
        if (Buffer.compare(Buffer.from(line.streamId), Buffer.from(this.lastStream)) <= 0) {
          throw this.damaged("its streams are not in order")
        }
        this.streamId = line.streamId
        this.version = 0
        this.own = createHash("sha256")
        this.counts.streams += 1
        this.blobs.begin()
        return this.visitor.stream(line.streamId)
      }
      case "event": {
        if (this.streamId === null) throw this.damaged("an event is of no stream")
        if (line.event.row.streamVersion !== ++this.version) throw this.damaged("an event is missing before it")
        this.own.update(bytes).update("\n")
        this.counts.events += 1
        if (line.event.body !== null) this.counts.bodies += 1
        this.refuse(this.blobs.event(line.event))
        return this.visitor.event(line.event)
      }
      case "blob":
      case "piece":
      case "absent":
        if (this.streamId === null) throw this.damaged("a blob is of no stream")
        return this.blob(line)
      case "sealed": {
        const { events, sha256, stream } = line.seal
        if (stream !== this.streamId || events !== this.version || sha256 !== this.own.digest("hex")) {
          throw this.damaged(`its events are not those that the seal of stream ${stream} names`)
        }
        const { lacking } = this.blobs
        this.refuse(this.blobs.seal())
        this.lastStream = stream
        this.streamId = null
        return this.visitor.sealed(line.seal, lacking)
      }
      case "end": {
        const { bodies, events, sha256, streams } = line.seal
        const { counts } = this
        const same = streams === counts.streams && events === counts.events && bodies === counts.bodies
        if (this.streamId !== null || !same || sha256 !== this.whole.digest("hex")) {
          throw this.damaged("its content is not what its seal names")
        }
        this.refuse(this.blobs.end(line.seal.blobs))
        this.isOver = true
        return this.visitor.end(line.seal)
      }
    }
  }

  private async blob(line: Extract<BundleLine, { readonly kind: "absent" | "blob" | "piece" }>): Promise<void> {
    const { blobs } = this
    switch (line.kind) {
      case "absent":
        return this.refuse(blobs.left(line.absent))
      case "blob":
        this.refuse(blobs.blob(line.entry))
        await this.visitor.blob(line.entry)
        break
      case "piece":
        this.refuse(blobs.piece(line.bytes))
        await this.visitor.piece(line.bytes)
    }
    if (!blobs.isFull) return
    this.refuse(blobs.full())
    await this.visitor.full()
  }

  private refuse(fault: string | null): void {
    if (fault !== null) throw this.damaged(fault)
  }

  invalid(kind: BundleInvalid["kind"], why: string): BundleInvalid {
    return new BundleInvalid({ name: this.name, kind, why })
  }

  damaged(why: string): BundleInvalid {
    return this.invalid("damaged", this.number === 0 ? why : `line ${this.number}: ${why}`)
  }
}

/** The bytes unpacked, where they are packed. Plain lines are taken, too: a bundle can be unpacked, looked at and imported. */
async function* unpacked(bytes: AsyncIterable<Uint8Array>, reading: Reading): AsyncGenerator<Uint8Array> {
  const pieces = bytes[Symbol.asyncIterator]()
  const first = await pieces.next()
  if (first.done === true) return
  let packedBytes = 0
  async function* all(): AsyncGenerator<Uint8Array> {
    for (let piece: IteratorResult<Uint8Array> = first; piece.done !== true; piece = await pieces.next()) {
      packedBytes += piece.value.length
      yield piece.value
    }
  }
  if (!isGzip(first.value)) return yield* all()
  const gunzip = createGunzip()
  const source = Readable.from(all())
  // The reason goes on as the error of the reader that waits for bytes.
  source.once("error", (error) => gunzip.destroy(error))
  let unpackedBytes = 0
  try {
    for await (const piece of source.pipe(gunzip)) {
      unpackedBytes += piece.length
      if (unpackedBytes > ratioFrom && unpackedBytes > maxRatio * packedBytes) {
        throw reading.invalid(
          "too-large",
          `it unpacks to more than ${maxRatio} times its size; unpack it with gzip if you trust it`,
        )
      }
      yield piece
    }
  } catch (error) {
    throw isZlib(error) ? reading.damaged(`it cannot be unpacked (${error.message})`) : error
  } finally {
    source.destroy()
    gunzip.destroy()
  }
}

const isZlib = (error: unknown): error is Error =>
  error instanceof Error && "code" in error && typeof error.code === "string" && error.code.startsWith("Z_")

/**
 * Reads a bundle to its end. Rejects with `BundleInvalid` where it is none or not whole, with what the bytes or the visitor reject
 * with otherwise. A visitor has seen what came before a fault: nothing may be stored before one reading has ended well.
 */
export const readBundle = async (
  name: string,
  bytes: AsyncIterable<Uint8Array>,
  visitor: BundleVisitor,
): Promise<void> => {
  const reading = new Reading(name, visitor)
  let held: Uint8Array[] = []
  let length = 0
  const hold = (piece: Uint8Array): void => {
    length += piece.length
    if (length > maxLineBytes) throw reading.invalid("too-large", `a line is longer than ${maxLineBytes} bytes`)
    if (piece.length > 0) held.push(piece)
  }
  for await (const piece of unpacked(bytes, reading)) {
    let from = 0
    for (let at = piece.indexOf(newline); at !== -1; at = piece.indexOf(newline, from)) {
      hold(piece.subarray(from, at))
      const line = Buffer.concat(held)
      held = []
      length = 0
      from = at + 1
      await reading.line(line)
    }
    hold(piece.subarray(from))
  }
  if (length > 0) throw reading.damaged("its last line is cut")
  reading.end()
}
