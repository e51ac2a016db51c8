/** What the routes that read have in common: they wait for `min-sequence`, and fail with problems alone. */
import type { StorageUnavailable } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
import { Engine } from "@threadfold/engine"
import type { LogReader, ReadQuery } from "@threadfold/event-log"
import { Effect, Stream } from "effect"
import { fitPage } from "../../bounds/fit.js"
import { orProblem, type ServiceError } from "../../problems/toProblem.js"
import { HttpLimits } from "../HttpLimits.js"
import { answer } from "./jsonAnswer.js"
import { type AnswerPage, type CallHeaders, type PageForm, pageAnswer } from "./pageAnswer.js"

/** Waits until a sequence is published, at most `waitMs`; then fails with `range-not-reached`. */
const waitFor = (
  log: LogReader,
  sequence: number | undefined,
  waitMs: number,
): Effect.Effect<void, Problem | StorageUnavailable> => {
  if (sequence === undefined || log.published() >= sequence) return Effect.void
  const reached = log
    .subscribe({ after: sequence - 1, pageSize: 1, texts: "beginnings" })
    .pipe(Stream.take(1), Stream.runDrain)
  return reached.pipe(
    Effect.timeoutFail({
      duration: waitMs,
      onTimeout: () =>
        new Problem({
          slug: "range-not-reached",
          detail: `Sequence ${sequence} was asked for; the log is at ${log.published()}.`,
        }),
    }),
  )
}

/** Parameters of every read. */
interface ReadParams {
  readonly "min-sequence"?: number | undefined
}

/** The log and its events, the wait for `min-sequence` (a read waits until the log is as far as its caller knows it to be), and the failure. */
export const readRoute = Effect.gen(function* () {
  const engine = yield* Engine
  const { waitMs } = yield* HttpLimits
  const { log } = engine
  const ready = (params: ReadParams) => waitFor(log, params["min-sequence"], waitMs)
  const withProblems = orProblem(engine)
  /** Answers with what is read when the log is ready. */
  const answerWith = <A extends { readonly sequence: number }>(
    params: ReadParams,
    read: Effect.Effect<A, ServiceError>,
  ) =>
    Effect.zipRight(ready(params), read).pipe(
      Effect.map((value) => answer(value, value.sequence)),
      withProblems,
    )
  /** The same for a page of a list, as long as it may be, with the fields and in the form that the call asks for. */
  const pageWith = <A extends object>(
    request: CallHeaders,
    params: ReadParams & PageForm,
    read: (given: { readonly limit?: number }) => Effect.Effect<AnswerPage<A>, ServiceError>,
  ) =>
    Effect.zipRight(ready(params), fitPage(read)).pipe(
      Effect.map((page) => pageAnswer(request, params, page)),
      withProblems,
    )
  /** An event of the log. Fails with `event-not-found`. */
  const eventAt = (sequence: number, how: Pick<ReadQuery, "texts"> = {}) =>
    Effect.gen(function* () {
      const until = Math.min(sequence, log.published())
      const [row] = yield* log.read({ ...how, after: sequence - 1, until, limit: 1 })
      if (row === undefined || row.sequence !== sequence) {
        return yield* new Problem({ slug: "event-not-found", detail: `No event has the sequence ${sequence}.` })
      }
      return row
    })
  return { log, ready, withProblems, answerWith, eventAt, pageWith }
})
