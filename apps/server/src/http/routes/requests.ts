/** Approvals and questions, of all threads and by their ids. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { Api } from "@threadfold/contracts/api"
import { Projections } from "@threadfold/projections"
import { Effect } from "effect"
import { DirectReads } from "../direct/DirectReads.js"
import { orProblem } from "../orProblem.js"
import { HttpServices } from "../Services.js"
import { answer, resourceAnswer } from "./answer.js"
import { waitFor } from "./waitFor.js"

export const requestRoutes = HttpApiBuilder.group(Api, "requests", (handlers) =>
  Effect.gen(function* () {
    const { engine, limits } = yield* HttpServices
    const projections = yield* Projections
    const { log } = engine
    const told = orProblem(engine)
    return yield* (yield* DirectReads).take(
      ["list", "get"],
      handlers
        .handle("list", ({ urlParams: { "min-sequence": minSequence, ...query } }) =>
          Effect.zipRight(waitFor(log, minSequence, limits.waitMs), projections.allRequests(query)).pipe(
            Effect.map((page) => answer(page, page.sequence)),
            told,
          ),
        )
        .handle("get", ({ path, request, urlParams }) =>
          Effect.gen(function* () {
            yield* waitFor(log, urlParams["min-sequence"], limits.waitMs)
            return resourceAnswer(request, log.logId, yield* projections.request(path.requestId))
          }).pipe(told),
        ),
    )
  }),
)
