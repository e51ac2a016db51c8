/** Seeded sources for tests: ids (UUIDv7 by the pattern of the contracts) and random numbers. The same seed gives the same values. */
import { createHash } from "node:crypto"

/** The time at which generated events begin: 2026-11-20T00:00:00Z, in ms since the epoch. */
export const generatedEpoch = 1_795_132_800_000

/** Makes a UUIDv7 from a time (48 bits, ms) and at least 10 random bytes. */
const uuidV7 = (time: number, bytes: Uint8Array): string => {
  const hex = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString("hex")
  const stamp = Math.floor(time).toString(16).padStart(12, "0").slice(-12)
  const variant = (0x80 | ((bytes[2] ?? 0) & 0x3f)).toString(16)
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}-7${hex(0, 2).slice(1)}-${variant}${hex(3, 4)}-${hex(4, 10)}`
}

/** The UUIDv7 of a name. It is a pure function, for ids that must be the same at every place. */
export const namedUuid = (name: string, time: number = generatedEpoch): string =>
  uuidV7(time, createHash("sha256").update(name).digest())

/**
 * Makes UUIDv7s that are strictly increasing (one millisecond each) and depend on the seed alone, in the place of ids from a
 * clock and a random source.
 */
export const seededIds = (seed: number | string, start: number = generatedEpoch): (() => string) => {
  let count = 0
  return () => {
    const id = namedUuid(`${seed}#${count}`, start + count)
    count += 1
    return id
  }
}

/** A small and cheap source of random numbers (mulberry32). */
export interface Random {
  /** A number in [0, 1). */
  readonly next: () => number
  /** An integer in [0, below). */
  readonly below: (below: number) => number
}

export const seededRandom = (seed: number): Random => {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  return { next, below: (below) => Math.floor(next() * below) }
}
