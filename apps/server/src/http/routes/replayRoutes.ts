/** The controls of a replay. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { Api, ReplayControl } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { Engine } from "@threadfold/engine"
import { Effect } from "effect"
import { orProblem } from "../../problems/toProblem.js"
import { CurrentReplay, type ReplayService } from "../../replay/CurrentReplay.js"
import { HttpLimits } from "../HttpLimits.js"
import { plainAnswer } from "./jsonAnswer.js"
import { readCommandBody, required } from "./requestBody.js"

export const replayRoutes = HttpApiBuilder.group(Api, "replay", (handlers) =>
  Effect.gen(function* () {
    const { smallBodyBytes } = yield* HttpLimits
    const replay = yield* CurrentReplay
    const withProblems = orProblem(yield* Engine)
    const current: Effect.Effect<ReplayService, Problem> =
      replay === null
        ? new Problem({ slug: "not-a-replay", detail: "This server runs agents and takes their events." })
        : Effect.succeed(replay)
    return handlers
      .handle("get", () =>
        Effect.map(
          Effect.flatMap(current, ({ view }) => view),
          (view) => plainAnswer(view),
        ),
      )
      .handleRaw("control", ({ request }) =>
        Effect.gen(function* () {
          const { control } = yield* current
          const { value } = yield* readCommandBody(request, required(ReplayControl), smallBodyBytes)
          return plainAnswer(yield* control(value))
        }).pipe(withProblems),
      )
  }),
)
