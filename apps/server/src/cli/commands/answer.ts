/** `threadfold answer REQUEST DECISION`. */
import { Args, Command, Options } from "@effect/cli"
import type { Threadfold } from "@threadfold/client"
import { Problem, RequestId } from "@threadfold/contracts"
import { Effect, Option, Schema } from "effect"
import { usageProblem } from "../failures.js"
import { asProblem, openServer } from "../live.js"
import { dataDir, json } from "../options.js"
import { write, writeJson } from "../output.js"
import { receiptLines } from "../pages/receipt.js"

const request = Args.text({ name: "REQUEST" }).pipe(
  Args.withDescription("The request: its id, or the beginning of one that is open (`threadfold requests`)."),
)
const decision = Args.text({ name: "DECISION" }).pipe(
  Args.withDescription("accept, decline, cancel, or a decision that the request names; answer for a question."),
)
const data = Options.text("data").pipe(
  Options.withDescription("The whole answer as JSON, where a decision is not enough."),
  Options.optional,
)

const parsed = (text: string): Effect.Effect<unknown, Problem> =>
  Effect.mapError(Schema.decodeUnknown(Schema.parseJson())(text), () => usageProblem("--data is no JSON."))

/** Open requests are few: one page holds them all, or the newest of them. */
const candidates = 500

/** The one request that a text means. */
const requestNamed = (threadfold: Threadfold, text: string): Effect.Effect<string, Problem> =>
  Schema.is(RequestId)(text)
    ? Effect.succeed(text)
    : Effect.gen(function* () {
        const { items } = yield* Effect.mapError(
          threadfold.call((api) => api.requests.list({ urlParams: { status: "open", limit: candidates } })),
          asProblem,
        )
        const [only, ...others] = items
          .map(({ requestId }) => requestId)
          .filter((id) => text !== "" && id.startsWith(text.toLowerCase()))
        if (only === undefined) {
          return yield* new Problem({
            slug: "request-not-found",
            detail: `No open request is named ${JSON.stringify(text)}.`,
          })
        }
        if (others.length > 0) {
          return yield* usageProblem(`${JSON.stringify(text)} may be any of ${[only, ...others].join(", ")}.`)
        }
        return only
      })

export const answerCommand = Command.make("answer", { request, decision, data, dataDir, json }, (options) =>
  Effect.gen(function* () {
    const answer = Option.isSome(options.data) ? { data: yield* parsed(options.data.value) } : {}
    const { threadfold } = yield* openServer(options.dataDir)
    const requestId = yield* requestNamed(threadfold, options.request)
    const receipt = yield* Effect.mapError(
      threadfold.respond(requestId, { decision: options.decision, ...answer }),
      asProblem,
    )
    yield* options.json ? writeJson(receipt) : write(receiptLines(receipt))
  }),
).pipe(Command.withDescription("Answer a question of an agent. The first answer wins."))
