/** Approvals and questions, of all threads and by their ids. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { Api } from "@threadfold/contracts/api"
import { Projections } from "@threadfold/projections"
import { Effect } from "effect"
import { DirectReads } from "../direct/DirectReads.js"
import { resourceAnswer } from "./jsonAnswer.js"
import { readRoute } from "./readRoute.js"

export const requestRoutes = HttpApiBuilder.group(Api, "requests", (handlers) =>
  Effect.gen(function* () {
    const projections = yield* Projections
    const { answerWith, log, ready, withProblems } = yield* readRoute
    return yield* (yield* DirectReads).take(
      ["list", "get"],
      handlers
        .handle("list", ({ urlParams }) => answerWith(urlParams, projections.allRequests(urlParams)))
        .handle("get", ({ path, request, urlParams }) =>
          Effect.gen(function* () {
            yield* ready(urlParams)
            return resourceAnswer(request, log.logId, yield* projections.request(path.requestId))
          }).pipe(withProblems),
        ),
    )
  }),
)
