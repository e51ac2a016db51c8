/** Ids for tests: the same seed gives the same ids, and all of them satisfy the contracts' UUIDv7 pattern. */
import { createHash } from "node:crypto"

/** 2026-11-20T00:00:00Z in ms since the epoch: where generated time begins. */
export const generatedEpoch = 1_795_132_800_000

/** Lays a UUIDv7 out of a time (48 bits, ms) and at least 10 bytes of anything. */
const layOut = (time: number, bytes: Uint8Array): string => {
  const hex = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString("hex")
  const stamp = Math.floor(time).toString(16).padStart(12, "0").slice(-12)
  const variant = (0x80 | ((bytes[2] ?? 0) & 0x3f)).toString(16)
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}-7${hex(0, 2).slice(1)}-${variant}${hex(3, 4)}-${hex(4, 10)}`
}

/** The UUIDv7 of a name: a pure function, for ids that must come out the same wherever they are asked for. */
export const namedUuid = (name: string, time: number = generatedEpoch): string =>
  layOut(time, createHash("sha256").update(name).digest())

/**
 * A maker of UUIDv7s: strictly increasing (one millisecond each) and determined by the seed alone. It is what a test
 * passes where the service would take ids from its clock and random source.
 */
export const seededIds = (seed: number | string, start: number = generatedEpoch): (() => string) => {
  let count = 0
  return () => {
    const id = namedUuid(`${seed}#${count}`, start + count)
    count += 1
    return id
  }
}
