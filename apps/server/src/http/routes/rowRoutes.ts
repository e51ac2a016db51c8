/** Items and model calls of all threads. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { Api } from "@threadfold/contracts/api"
import { Projections } from "@threadfold/projections"
import { Effect, Layer } from "effect"
import { DirectReads } from "../direct/DirectReads.js"
import { itemReport } from "./itemReport.js"
import { readRoute } from "./readRoute.js"

const items = HttpApiBuilder.group(Api, "items", (handlers) =>
  Effect.gen(function* () {
    const projections = yield* Projections
    const { answerWith, pageWith } = yield* readRoute
    return yield* (yield* DirectReads).take(
      ["list", "get"],
      handlers
        .handle("list", ({ request, urlParams }) =>
          pageWith(request, urlParams, (given) => projections.allItems({ ...urlParams, ...given })),
        )
        .handle("get", ({ path: { itemId }, urlParams }) =>
          answerWith(urlParams, Effect.map(projections.item(itemId), itemReport)),
        ),
    )
  }),
)

const inferences = HttpApiBuilder.group(Api, "inferences", (handlers) =>
  Effect.gen(function* () {
    const projections = yield* Projections
    const { pageWith } = yield* readRoute
    return yield* (yield* DirectReads).take(
      ["list"],
      handlers.handle("list", ({ request, urlParams }) =>
        pageWith(request, urlParams, (given) => projections.allInferences({ ...urlParams, ...given })),
      ),
    )
  }),
)

export const rowRoutes = Layer.merge(items, inferences)
