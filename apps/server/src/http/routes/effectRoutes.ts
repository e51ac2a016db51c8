/** Calls to agents of all threads: a list, whose places are those of the table. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { type EffectRow, valuesOf } from "@threadfold/contracts"
import { Api, type EffectView } from "@threadfold/contracts/api"
import { type ListedEffect, WorkReads } from "@threadfold/engine"
import { decodeCursor, encodeCursor } from "@threadfold/projections"
import { Effect } from "effect"
import { readRoute } from "./readRoute.js"

/** An effect as its callers see it: neither its lease nor the text it carries. */
export const effectView = ({ commandId: _, ...effect }: ListedEffect): EffectView => effect

/** The same of a whole row. */
export const shownEffect = ({ payload: _, token: _token, ...effect }: EffectRow): EffectView => effectView(effect)

export const effectRoutes = HttpApiBuilder.group(Api, "effects", (handlers) =>
  Effect.gen(function* () {
    const work = yield* WorkReads
    const { log, pageWith } = yield* readRoute
    return handlers.handle("list", ({ request, urlParams }) =>
      pageWith(request, urlParams, (given) =>
        Effect.gen(function* () {
          const { cursor, limit = 50, order = "desc" } = { ...urlParams, ...given }
          const name = `effects/${order}`
          const place = cursor === undefined ? null : yield* decodeCursor(name, ["number"], cursor)
          const sequence = log.published()
          const { items, next } = yield* work.listEffects({
            statuses: valuesOf(urlParams.status),
            threads: valuesOf(urlParams.threadId),
            from: place === null ? null : Number(place.key[0]),
            order,
            limit,
          })
          return {
            sequence,
            items: items.map(effectView),
            next: next === null ? null : encodeCursor(name, { key: [next], direction: "next" }),
            previous: null,
          }
        }),
      ),
    )
  }),
)
