/**
 * A fact is what a translator reads from a message: one event type with its payload, before merging and numbering.
 */
import type { EventType, NativeRef, PayloadOf } from "@threadfold/contracts"

/** How consecutive pieces of one stream become one event. */
export interface Merge {
  /** Only pieces with the same key belong together. */
  readonly key: string
  /** This piece, exactly as received. */
  readonly piece: string
  /** The payload of `frames` pieces whose joined text is `joined`. `lastAt` is the source time of the last piece. */
  readonly join: (joined: string, frames: number, lastAt: number) => unknown
}

/** One event that a message stands for. */
export interface Fact {
  /** Event type. */
  readonly type: EventType
  /** The native ids that the message names. */
  readonly native: NativeRef | undefined
  /** The payload as the type's schema defines it. For a piece of a stream `merge.join` makes it. */
  readonly payload: unknown
  /** Present on a piece of a stream. */
  readonly merge: Merge | undefined
  /** Our id of the turn, where the wire answers a call that carried it ({@link ../Translator.WireLine.turnId}). */
  readonly turnId?: string
}

/**
 * The value without the members that are present but undefined: an event holds only what is known. A copy, where it has such: an object that
 * loses members becomes a dictionary, which everything after that reads several times slower.
 */
export const omitUndefined = <T extends object>(value: T): T => {
  for (const key in value) {
    if (value[key] === undefined) return knownOf(value)
  }
  return value
}

const knownOf = <T extends object>(value: T): T => {
  const known: Partial<T> = {}
  for (const key in value) {
    const member = value[key]
    if (member !== undefined) known[key] = member
  }
  return known as T
}

/** A fact of a known type. The compiler checks the payload against the catalogue. `turnId`: see {@link Fact.turnId}. */
export const fact = <T extends EventType>(
  type: T,
  payload: PayloadOf<T>,
  native?: NativeRef,
  turnId?: string,
): Fact => ({
  type,
  native: native === undefined ? undefined : omitUndefined(native),
  payload: omitUndefined(payload),
  merge: undefined,
  ...(turnId === undefined ? {} : { turnId }),
})

/** A piece of a stream. Consecutive pieces with the same `key` become one event. */
export const pieceOf = <T extends EventType>(
  type: T,
  native: NativeRef,
  key: readonly (string | number | undefined)[],
  piece: string,
  join: (joined: string, frames: number, lastAt: number) => PayloadOf<T>,
): Fact => ({
  type,
  native: omitUndefined(native),
  payload: undefined,
  merge: {
    key: JSON.stringify([type, ...key.map((part) => part ?? null)]),
    piece,
    join: (joined, frames, lastAt) => omitUndefined(join(joined, frames, lastAt)),
  },
})
