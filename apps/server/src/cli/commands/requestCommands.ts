/** `threadfold requests` and `threadfold answer REQUEST DECISION`. */
import { Args, Command, Options } from "@effect/cli"
import type { Threadfold } from "@threadfold/client"
import { type RequestDetail, RequestId } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
import { Effect, Option, Schema } from "effect"
import { oneMeant, usageProblem } from "../failures.js"
import { ask, asProblem, openServer, writeReceipt } from "../live.js"
import { currentLook, write, writeJson } from "../output.js"
import { requestsPage } from "../pages/listPages.js"
import { dataDir, json } from "../sharedOptions.js"

/** Requests of a page at most: it ends earlier where they are long. */
const candidates = 500

/** The open requests, newest first, page by page. */
const openRequests = (threadfold: Threadfold): Effect.Effect<readonly RequestDetail[], Problem> =>
  Effect.gen(function* () {
    const requests: RequestDetail[] = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const urlParams = { status: "open" as const, limit: candidates, cursor }
      const page = yield* ask(threadfold, (api) => api.requests.list({ urlParams }))
      requests.push(...page.items)
      cursor = page.next
    }
    return requests
  })

export const requestsCommand = Command.make("requests", { dataDir, json }, (options) =>
  Effect.gen(function* () {
    const { threadfold } = yield* openServer(options.dataDir)
    const requests = yield* openRequests(threadfold)
    yield* options.json ? writeJson({ requests }) : write(requestsPage(yield* currentLook, requests))
  }),
).pipe(Command.withDescription("List what agents wait to be answered, newest first."))

const request = Args.text({ name: "REQUEST" }).pipe(
  Args.withDescription("The request: its id, or the beginning of one that is open (`threadfold requests`)."),
)
const decision = Args.text({ name: "DECISION" }).pipe(
  Args.withDescription(
    "One of the choices that `threadfold requests` shows, or accept, acceptForSession, decline, cancel; may be left out with --answer.",
  ),
  Args.optional,
)
const answer = Options.text("answer").pipe(
  Options.withDescription(
    "QUESTION=TEXT answers one question of the request, by its id. Repeat it for several, or for several answers to one.",
  ),
  Options.repeated,
  // Only so that help shows it in brackets: none is as good as some.
  Options.withDefault([]),
)
const data = Options.text("data").pipe(
  Options.withDescription("The whole answer as JSON, where a decision is not enough. Not with --answer."),
  Options.optional,
)

/** `q1=Blue`, `q1=Red`, `q2=3` → `{"q1": ["Blue", "Red"], "q2": ["3"]}`. */
const answersOf = (given: readonly string[]): Effect.Effect<Readonly<Record<string, readonly string[]>>, Problem> =>
  Effect.gen(function* () {
    const answers = new Map<string, readonly string[]>()
    for (const one of given) {
      // A question's id may be its text, which may hold an equals sign; the last one is ours.
      const at = one.lastIndexOf("=")
      if (at < 1) return yield* usageProblem(`--answer ${JSON.stringify(one)} is not of the form QUESTION=TEXT.`)
      const id = one.slice(0, at)
      answers.set(id, [...(answers.get(id) ?? []), one.slice(at + 1)])
    }
    return Object.fromEntries(answers)
  })

const parsed = (text: string): Effect.Effect<unknown, Problem> =>
  Effect.mapError(Schema.decodeUnknown(Schema.parseJson())(text), () => usageProblem("--data is no JSON."))

/** The one request that a text means. */
const requestNamed = (threadfold: Threadfold, text: string): Effect.Effect<string, Problem> =>
  Schema.is(RequestId)(text)
    ? Effect.succeed(text)
    : Effect.gen(function* () {
        const ids = (yield* openRequests(threadfold))
          .map(({ requestId }) => requestId)
          .filter((id) => text !== "" && id.startsWith(text.toLowerCase()))
        return (
          (yield* oneMeant(text, ids)) ??
          (yield* new Problem({
            slug: "request-not-found",
            detail: `No open request is named ${JSON.stringify(text)}.`,
          }))
        )
      })

const given = { request, decision, answer, data, dataDir, json }

export const answerCommand = Command.make("answer", given, (options) =>
  Effect.gen(function* () {
    const hasAnswers = options.answer.length > 0
    if (hasAnswers && Option.isSome(options.data)) return yield* usageProblem("Give --answer or --data, not both.")
    if (!hasAnswers && Option.isNone(options.decision)) {
      return yield* usageProblem("A DECISION is missing; `threadfold requests` shows what the request takes.")
    }
    const said = hasAnswers
      ? { data: { answers: yield* answersOf(options.answer) } }
      : Option.isSome(options.data)
        ? { data: yield* parsed(options.data.value) }
        : {}
    const { threadfold } = yield* openServer(options.dataDir)
    const requestId = yield* requestNamed(threadfold, options.request)
    const receipt = yield* Effect.mapError(
      threadfold.respond(requestId, { decision: Option.getOrElse(options.decision, () => "answer"), ...said }),
      asProblem,
    )
    yield* writeReceipt(receipt, options.json)
  }),
).pipe(Command.withDescription("Answer a question of an agent. The first answer wins."))
