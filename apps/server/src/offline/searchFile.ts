/** A search of a database file without a server: an index is made in a directory of its own, and removed again. */
import { join } from "node:path"
import { Problem } from "@threadfold/contracts/problem"
import { SearchIndex, searchWords } from "@threadfold/projections"
import { Effect, type Scope } from "effect"
import { temporaryDirectory } from "../temporaryDirectory.js"
import type { SearchList, SearchListQuery } from "./Reader.js"

/** Hits of one page of the index. */
const pageSize = 500

const openIndex = (database: string, directory: string): Effect.Effect<SearchIndex, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => new SearchIndex({ database, file: join(directory, "search.db"), now: () => performance.now() })),
    (index) => Effect.sync(() => index.close()),
  )

/** Takes every event into the index, with pauses in which Ctrl-C is heard. */
const fill = (index: SearchIndex): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { head, watermark } = index.step()
    return watermark < head ? Effect.zipRight(Effect.yieldNow(), fill(index)) : Effect.void
  })

/** What a search finds in a file. */
export const searchInFile = (
  database: string,
  { kind, limit, q, threadId }: SearchListQuery,
): Effect.Effect<SearchList, Problem> =>
  Effect.gen(function* () {
    const words = searchWords(q)
    if (words.kind === "refused") return yield* new Problem({ slug: "invalid-request", detail: `q: ${words.why}.` })
    const index = yield* openIndex(database, yield* temporaryDirectory)
    yield* fill(index)
    const { head, watermark } = index.state()
    const items: SearchList["items"][number][] = []
    if (words.kind === "nothing") return { sequence: head, watermark, items, more: false }
    for (let before: number | undefined; ; ) {
      const page = index.search({
        match: words.match,
        threadId: threadId === undefined ? undefined : [threadId],
        kind: kind === undefined ? undefined : [kind],
        limit: Math.min(pageSize, limit - items.length),
        before,
      })
      items.push(...page.items)
      if (page.last === null || items.length >= limit) {
        return { sequence: head, watermark, items, more: page.last !== null }
      }
      before = page.last
    }
  }).pipe(Effect.scoped)
