/** Answers of a bounded size: what is too long for one is asked for again with less in it. Cursors and `truncated` lead to the rest. */
import { longestPageBytes, longestTextBytes } from "@threadfold/contracts"
import { fitting } from "@threadfold/core/model"
import { Effect } from "effect"

/** A page of a list. With a limit: the query's own, in its place. */
type ReadPage<A, E> = (given: { readonly limit?: number }) => Effect.Effect<A, E>

/** The page of a list, with no more entries than {@link longestPageBytes} hold. */
export const fitPage = <A extends { readonly items: readonly unknown[] }, E>(
  read: ReadPage<A, E>,
): Effect.Effect<A, E> => {
  const fitted = (page: A): Effect.Effect<A, E> => {
    const held = fitting(page.items)
    return held >= page.items.length ? Effect.succeed(page) : Effect.flatMap(read({ limit: held }), fitted)
  }
  return Effect.flatMap(read({}), fitted)
}

/** How much an answer that holds several lists has of each. */
export interface Room {
  /** Entries of each list. */
  readonly limit: number
  /** Bytes of a text. */
  readonly textBytes: number
  /** Open rows of a table, whatever the lists hold. */
  readonly openRows: number
}

/** Entries of a list where a call does not say. */
const usualLimit = 50
const usualOpenRows = 500

/** Below it a text is no text any more. */
const shortestText = 256

/** Down to so many entries of each list the lists alone get shorter: whole texts are worth more than many entries. */
const fewEntries = 8

/** Less of it. */
const smaller = ({ limit, openRows, textBytes }: Room): Room =>
  limit > fewEntries
    ? { limit: limit >> 1, openRows, textBytes }
    : {
        limit: Math.max(1, limit >> 1),
        textBytes: Math.max(shortestText, textBytes >> 2),
        openRows: Math.max(1, openRows >> 1),
      }

const isSmallest = ({ limit, openRows, textBytes }: Room): boolean =>
  limit === 1 && openRows === 1 && textBytes === shortestText

/** An answer with its JSON, which has no more bytes than {@link longestPageBytes}. */
export const fitAnswer = <A, E>(
  limit: number | undefined,
  read: (room: Room) => Effect.Effect<A, E>,
): Effect.Effect<{ readonly value: A; readonly json: string }, E> => {
  const fitted = (room: Room): Effect.Effect<{ readonly value: A; readonly json: string }, E> =>
    Effect.flatMap(read(room), (value) => {
      const json = JSON.stringify(value)
      return Buffer.byteLength(json) <= longestPageBytes || isSmallest(room)
        ? Effect.succeed({ value, json })
        : fitted(smaller(room))
    })
  return fitted({ limit: limit ?? usualLimit, textBytes: longestTextBytes, openRows: usualOpenRows })
}
