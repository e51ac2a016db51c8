/**
 * Minting ids. An id is a UUIDv7 of the source's time whose random part is a digest of what makes the thing unique. Reading a
 * recording twice therefore gives the same log (docs/concepts.md).
 */
import { v7 } from "uuid"

/** SHA-256 of a text. Injected, so that the domain needs no platform. */
export type Digest = (text: string) => Uint8Array

/** Largest time that fits a UUIDv7: 48 bits of milliseconds. */
const maxMs = 2 ** 48 - 1

/**
 * A UUIDv7.
 *
 * @param at its time, ms since the epoch; a time outside 48 bits is clamped, order never depends on it
 * @param unique what its random part is made of
 */
export const mintId = (digest: Digest, at: number, unique: string): string => {
  const msecs = Number.isFinite(at) ? Math.min(Math.max(Math.trunc(at), 0), maxMs) : 0
  // uuid gets the time and the random bytes, so it uses no counter of its own, and equal input gives an equal id.
  return v7({ msecs, random: digest(unique) })
}
