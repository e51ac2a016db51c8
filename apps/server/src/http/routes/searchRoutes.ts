/** Searches, and tokens added up. Both are answered in a thread of their own. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { valuesOf } from "@threadfold/contracts"
import { Api } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { decodeCursor, encodeCursor, type FoundPage, searchWords } from "@threadfold/projections"
import { Effect } from "effect"
import { Prices } from "../../config/Prices.js"
import { SearchReads } from "../../search/SearchReads.js"
import { answer } from "./jsonAnswer.js"
import { pageAnswer } from "./pageAnswer.js"
import { readRoute } from "./readRoute.js"

/** Name of the list in cursors. */
const list = "search"

/** Entries of a page where the call names no limit. */
const usualLimit = 50

/** Both ends of the thread are of one build: only its form is looked at. */
const isPage = (value: unknown): value is FoundPage =>
  typeof value === "object" && value !== null && "watermark" in value

export const searchRoutes = HttpApiBuilder.group(Api, "search", (handlers) =>
  Effect.gen(function* () {
    const searches = yield* SearchReads
    const prices = yield* Prices
    const { log, ready, withProblems } = yield* readRoute

    return handlers
      .handle("find", ({ request, urlParams }) =>
        Effect.gen(function* () {
          yield* ready(urlParams)
          const {
            cursor,
            fields,
            kind,
            limit = usualLimit,
            "min-sequence": reached,
            q,
            threadId,
            ...filter
          } = urlParams
          const words = searchWords(q)
          if (words.kind === "refused")
            return yield* new Problem({ slug: "invalid-request", detail: `q: ${words.why}.` })
          const place = cursor === undefined ? null : yield* decodeCursor(list, ["number"], cursor)
          // What has no letter and no digit finds nothing.
          const match = words.kind === "nothing" ? null : words.match
          const query = {
            ...filter,
            match: match ?? '"a" NOT "a"',
            threadId: valuesOf(threadId),
            kind: valuesOf(kind),
            limit,
            ...(place === null ? {} : { before: Number(place.key[0]) }),
          }
          const found = yield* searches.ask({ kind: "search", query, reached: reached ?? null })
          if (!isPage(found)) return yield* Effect.die("the thread that searches answered something else")
          const { items, last, sequence, watermark } = found
          const next = last === null ? null : encodeCursor(list, { key: [last], direction: "next" })
          return pageAnswer(request, { fields }, { sequence, watermark, items, next, previous: null })
        }).pipe(withProblems),
      )
      .handle("usage", ({ urlParams }) =>
        Effect.gen(function* () {
          yield* ready(urlParams)
          const { "min-sequence": _, ...query } = urlParams
          const sums = yield* searches.ask({ kind: "usage", query, prices })
          return answer(sums, log.published())
        }).pipe(withProblems),
      )
  }),
)
