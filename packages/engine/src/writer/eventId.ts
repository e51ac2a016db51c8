/**
 * Ids of numbered events: a UUIDv7 of the source's time whose random part is the digest of its channel plus its number.
 * The digest is made once per channel, not once per event: a hash for each event would be a tenth of the write path.
 */
import type { Digest } from "@threadfold/core"

/** 48 bits: what the last group of a UUID holds, and what a UUIDv7's time may have. */
const SPAN = 2 ** 48

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0")
/** Three digits of hexadecimal, looked up: every id ends two of its parts with them, and making them anew costs ten times as much. */
const threeDigits = Array.from({ length: 0x1000 }, (_, value) => hex(value, 3))
/** The last three digits of a value below 2^53. */
const hex3 = (value: number): string => threeDigits[value & 0xfff] ?? ""

/**
 * Makes the ids of one channel of one source. The parts that neighbouring ids share are kept: for four seconds of the source's
 * time, and for 4,096 numbers.
 */
const maker = (digest: Digest, channel: string): ((at: number, seq: number) => string) => {
  const bytes = Array.from(digest(`${channel}|event`))
  const word = (from: number, count: number) =>
    bytes.slice(from, from + count).reduce((value, byte) => value * 256 + byte, 0)
  const middle = `-7${hex(word(0, 2) % 0x1000, 3)}-${hex(0x8000 + (word(2, 2) % 0x4000), 4)}-`
  const tail = word(4, 6)
  let highTime = -1
  let prefix = ""
  let highTail = -1
  let suffix = ""
  return (at, seq) => {
    const time = Number.isFinite(at) ? Math.min(Math.max(Math.trunc(at), 0), SPAN - 1) : 0
    const high = Math.floor(time / 0x1000)
    if (high !== highTime) {
      highTime = high
      const digits = hex(high, 9)
      prefix = `${digits.slice(0, 8)}-${digits.slice(8)}`
    }
    const last = (tail + seq) % SPAN
    const high36 = Math.floor(last / 0x1000)
    if (high36 !== highTail) {
      highTail = high36
      suffix = `${middle}${hex(high36, 9)}`
    }
    return prefix + hex3(time) + suffix + hex3(last)
  }
}

/** How many channels are remembered. */
const CHANNELS = 4096

/** Makes event ids; equal input gives an equal id, so that the same delivery is the same event. */
export class EventIds {
  private readonly makers = new Map<string, (at: number, seq: number) => string>()
  /** The maker that was used last: a source sends many events at a time. */
  private last: {
    readonly source: string
    readonly channel: string
    readonly make: (at: number, seq: number) => string
  }

  constructor(private readonly digest: Digest) {
    this.last = { source: "", channel: "", make: maker(digest, "|") }
  }

  /** The id of an event. `source`: the session, or for connection streams the connection. */
  of(source: string, channel: string, seq: number, at: number): string {
    if (source !== this.last.source || channel !== this.last.channel) {
      this.last = { source, channel, make: this.makerOf(`${source}|${channel}`) }
    }
    return this.last.make(at, seq)
  }

  private makerOf(key: string): (at: number, seq: number) => string {
    const known = this.makers.get(key)
    if (known !== undefined) return known
    if (this.makers.size >= CHANNELS) this.makers.clear()
    const fresh = maker(this.digest, key)
    this.makers.set(key, fresh)
    return fresh
  }
}
