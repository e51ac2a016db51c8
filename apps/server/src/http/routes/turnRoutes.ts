/** One turn by its id, at once or at its end. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type { TurnDetail } from "@threadfold/contracts"
import { Api } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { Projections, type Resource } from "@threadfold/projections"
import { Effect, Option, Stream } from "effect"
import { isFinal, turnEndings } from "../../eventTypes.js"
import { DirectReads } from "../direct/DirectReads.js"
import { HttpLimits } from "../HttpLimits.js"
import { Metrics } from "../Metrics.js"
import { resourceAnswer } from "./jsonAnswer.js"
import { readRoute } from "./readRoute.js"
import { turnChangesPage } from "./turnChangesPage.js"

export const turnRoutes = HttpApiBuilder.group(Api, "turns", (handlers) =>
  Effect.gen(function* () {
    const { waiters } = yield* HttpLimits
    const metrics = yield* Metrics
    const projections = yield* Projections
    const { answerWith, log, pageWith, ready, withProblems } = yield* readRoute
    const places = yield* Effect.makeSemaphore(waiters)

    /** The turn as soon as its end is final. A look at its row, then one after each event that may have ended it. */
    const ending = ({ sequence, value: { threadId, turnId } }: Resource<TurnDetail>) =>
      log.subscribe({ after: sequence, streamId: threadId, types: turnEndings, texts: "beginnings" }).pipe(
        Stream.chunks,
        Stream.mapEffect(() => projections.turn(turnId)),
        Stream.filter(({ value }) => isFinal(value)),
        Stream.runHead,
      )

    const counted = <A, E>(waiting: Effect.Effect<A, E>): Effect.Effect<A, E> =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          metrics.waiting += 1
        }),
        () => waiting,
        () =>
          Effect.sync(() => {
            metrics.waiting -= 1
          }),
      )

    const awaited = (found: Resource<TurnDetail>, seconds: number) =>
      Effect.gen(function* () {
        const waited = yield* places.withPermitsIfAvailable(1)(
          counted(Effect.timeoutOption(ending(found), seconds * 1_000)),
        )
        if (Option.isNone(waited)) {
          return yield* new Problem({
            slug: "too-many-requests",
            detail: `${waiters} calls wait for the end of a turn already.`,
          })
        }
        return yield* Option.match(Option.flatten(waited.value), {
          onNone: () => projections.turn(found.value.turnId),
          onSome: Effect.succeed,
        })
      })

    return yield* (yield* DirectReads).take(
      ["list", "get"],
      handlers
        .handle("list", ({ request, urlParams }) =>
          pageWith(request, urlParams, (given) => projections.allTurns({ ...urlParams, ...given })),
        )
        .handle("get", ({ path, request, urlParams }) =>
          Effect.gen(function* () {
            yield* ready(urlParams)
            const found = yield* projections.turn(path.turnId)
            const seconds = urlParams.wait ?? 0
            const turn = seconds === 0 || isFinal(found.value) ? found : yield* awaited(found, seconds)
            return resourceAnswer(request, log.logId, turn)
          }).pipe(withProblems),
        )
        .handle("changes", ({ path: { turnId }, urlParams }) =>
          answerWith(
            urlParams,
            Effect.map(projections.turnChanges(turnId), (found) => turnChangesPage(turnId, found, urlParams)),
          ),
        ),
    )
  }),
)
