/** Rows that are read page by page. */
import { Effect } from "effect"

/** Pages of rows. */
export interface Pages<Row, Key, E> {
  /** The page after a key (exclusive); null: the first one. */
  readonly read: (after: Key | null) => Effect.Effect<readonly Row[], E>
  readonly keyOf: (row: Row) => Key
}

/** Reads page after page until one is empty, each when the one before it has been dealt with. */
export const eachPage = <Row, Key, E, E2, R>(
  { keyOf, read }: Pages<Row, Key, E>,
  use: (page: readonly Row[]) => Effect.Effect<void, E2, R>,
): Effect.Effect<void, E | E2, R> =>
  Effect.gen(function* () {
    for (let after: Key | null = null; ; ) {
      const page: readonly Row[] = yield* read(after)
      const last = page.at(-1)
      if (last === undefined) return
      yield* use(page)
      after = keyOf(last)
    }
  })
