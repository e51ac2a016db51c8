/** Removing the content of a thread for good. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { Api } from "@threadfold/contracts/api"
import { Engine } from "@threadfold/engine"
import { Effect } from "effect"
import { orProblem } from "../../problems/toProblem.js"
import { Purges } from "../../purges/Purges.js"
import { threadIdOf } from "./dispatchCommand.js"
import { begunAnswer, plainAnswer } from "./jsonAnswer.js"

export const purgeRoutes = HttpApiBuilder.group(Api, "purges", (handlers) =>
  Effect.gen(function* () {
    const purges = yield* Purges
    const withProblems = orProblem(yield* Engine)
    return handlers
      .handle("purge", ({ path, urlParams: { ifVersion = null } }) =>
        Effect.flatMap(threadIdOf(path.threadId), (threadId) => purges.purge(threadId, ifVersion)).pipe(
          Effect.map((view) => begunAnswer(view, `/v1/threads/${view.threadId}/purge`)),
          withProblems,
        ),
      )
      .handle("get", ({ path }) =>
        Effect.flatMap(threadIdOf(path.threadId), purges.look).pipe(
          Effect.map((view) => plainAnswer(view)),
          withProblems,
        ),
      )
  }),
)
