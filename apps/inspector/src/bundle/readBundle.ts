/**
 * Reads a bundle (docs/adr/0012-bundles.md) into memory and checks it as an import does: its form, the order of its lines, its counts and
 * its digests. What is not whole is refused; nothing of it is shown.
 */
import { sha256 } from "@noble/hashes/sha2.js"
import { bytesToHex } from "@noble/hashes/utils.js"
import { isTooDeep, maxTime, uuidV7Pattern } from "@threadfold/contracts"
import { BundleBlobs } from "./BundleBlobs.js"
import { BundleLog, type BundleStream } from "./BundleLog.js"
import { type BundleLimits, BundleRefused, bundleLimits, bundleLines, damaged, tooLarge } from "./bundleLines.js"

/** The newest version of the format that is read. */
export const newestVersion = 2

/** What a bundle says of itself. */
export interface BundleHead {
  /** What was taken out of it: `none`, `masked` or `structure`. */
  readonly redaction: string
  /** Version of the fold that its hashes are of. */
  readonly foldVersion: number
}

export interface ReadBundle {
  readonly head: BundleHead
  readonly log: BundleLog
  readonly blobs: BundleBlobs
}

type Fields = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

/** A time that a log takes, ms since the epoch. */
const isTime = (value: unknown): value is number => isCount(value) && value <= maxTime

const notOne = (detail: string): BundleRefused =>
  new BundleRefused("This file is no bundle", detail, "Open a file that `threadfold export` wrote.")

const decoder = new TextDecoder("utf-8", { fatal: true })
const newline = new Uint8Array([0x0a])

const objectIn = (line: Uint8Array): Fields | null => {
  try {
    const text = decoder.decode(line)
    const value: unknown = isTooDeep(text) ? null : JSON.parse(text)
    return isRecord(value) ? value : null
  } catch {
    return null
  }
}

/** What an event holds as a text of JSON is JSON of the same depth, or none. */
const isDeepText = (value: unknown): boolean => typeof value === "string" && isTooDeep(value)

/** Takes line by line. */
class Reading {
  readonly log = new BundleLog()
  readonly blobs = new BundleBlobs()
  head: BundleHead | null = null
  readonly #whole = sha256.create()
  #own = sha256.create()
  #number = 0
  #stream: BundleStream | null = null
  #lastStream = ""
  #isOver = false
  #events = 0
  #bodies = 0

  constructor(private readonly limits: BundleLimits) {}

  take(line: Uint8Array): void {
    this.#number += 1
    if (this.#isOver) throw this.#damaged("something follows its end")
    const fields = objectIn(line)
    if (this.head === null) this.head = this.#headOf(fields)
    else if (fields === null) throw this.#damaged("it is no JSON object")
    else this.#record(fields, line)
    if (!this.#isOver) this.#whole.update(line).update(newline)
  }

  end(): ReadBundle {
    if (this.head === null) throw notOne("It is empty.")
    if (!this.#isOver) throw damaged("Its end is missing.")
    return { head: this.head, log: this.log, blobs: this.blobs }
  }

  #headOf(fields: Fields | null): BundleHead {
    const { bundle, foldVersion, redaction, version } = fields ?? {}
    if (bundle !== "threadfold" || typeof version !== "number") {
      throw notOne("It does not begin as a bundle of Threadfold does.")
    }
    if (version > newestVersion) {
      throw new BundleRefused(
        "The bundle was written by a newer version",
        `Its format is version ${version}; this page reads up to version ${newestVersion}.`,
        "Open it with the page of that version, or of a newer one.",
      )
    }
    if (typeof redaction !== "string" || !isCount(foldVersion)) throw this.#damaged("its head is not whole")
    return { redaction, foldVersion }
  }

  #record(fields: Fields, line: Uint8Array): void {
    const fault =
      typeof fields.bytes === "string"
        ? this.blobs.piece(fields.bytes)
        : isRecord(fields.blob)
          ? this.blobs.begin(fields.blob)
          : this.blobs.cut()
    if (fault !== null) throw this.#damaged(fault)
    if ("event" in fields) this.#event(fields, line)
    else if (isRecord(fields.sealed)) this.#sealed(fields.sealed)
    else if (isRecord(fields.end)) this.#end(fields.end)
    else if (typeof fields.stream === "string") this.#begin(fields.stream)
    // What else a bundle may hold is passed over: the digest of the whole covers it.
  }

  #begin(streamId: string): void {
    if (this.#stream !== null) throw this.#damaged("the stream before it has no seal")
    // It stands in addresses.
    if (!uuidV7Pattern.test(streamId)) throw this.#damaged("its stream has no id of ours")
    if (streamId <= this.#lastStream) throw this.#damaged("its streams are not in order")
    if (this.log.streams.length >= this.limits.streams) {
      throw tooLarge(`It has more than ${this.limits.streams.toLocaleString("en")} streams.`)
    }
    this.#stream = this.log.begin(streamId)
    this.#own = sha256.create()
  }

  #event({ body, event }: Fields, line: Uint8Array): void {
    const stream = this.#stream
    if (stream === null) throw this.#damaged("an event is of no stream")
    const hasForm =
      isRecord(event) &&
      typeof event.eventId === "string" &&
      typeof event.type === "string" &&
      Number.isSafeInteger(event.v) &&
      isTime(event.at) &&
      isTime(event.recordedAt) &&
      (body === undefined || typeof body === "string")
    if (!hasForm || isDeepText(event.payloadText) || isDeepText(event.nativeText))
      throw this.#damaged("it is not the event that it says to be")
    if (event.streamVersion !== stream.lines.length + 1) throw this.#damaged("an event is missing before it")
    this.#events += 1
    if (this.#events > this.limits.events) {
      throw tooLarge(`It has more than ${this.limits.events.toLocaleString("en")} events.`)
    }
    if (body !== undefined) this.#bodies += 1
    this.#own.update(line).update(newline)
    this.log.add(stream, line, { recordedAt: Number(event.recordedAt), type: String(event.type) })
  }

  #sealed({ events, sha256: digest, stream }: Fields): void {
    const own = this.#stream
    const isSame =
      own !== null &&
      stream === own.streamId &&
      events === own.lines.length &&
      digest === bytesToHex(this.#own.digest())
    if (!isSame) throw this.#damaged("its events are not those that its seal names")
    this.#lastStream = own.streamId
    this.#stream = null
  }

  #end({ bodies, events, sha256: digest, streams }: Fields): void {
    const isSame =
      this.#stream === null &&
      streams === this.log.streams.length &&
      events === this.#events &&
      bodies === this.#bodies &&
      digest === bytesToHex(this.#whole.digest())
    if (!isSame) throw this.#damaged("its content is not what its seal names")
    this.#isOver = true
  }

  #damaged(why: string): BundleRefused {
    return damaged(`Line ${this.#number.toLocaleString("en")}: ${why}.`)
  }
}

/** Reads a bundle to its end. Rejects with {@link BundleRefused} where it is none, not whole, of a newer format or too large. */
export const readBundle = async (file: Blob, limits: BundleLimits = bundleLimits): Promise<ReadBundle> => {
  const reading = new Reading(limits)
  for await (const line of bundleLines(file, limits)) reading.take(line)
  const read = reading.end()
  read.log.number()
  return read
}
