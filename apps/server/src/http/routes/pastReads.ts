/** Reads of a thread as it was. They run in a thread of their own: what folds events takes longer than the main thread may. */
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type { Problem } from "@threadfold/contracts/problem"
import { FOLD_VERSION } from "@threadfold/core"
import { Effect, Schema } from "effect"
import { MomentReads } from "../../moments/MomentReads.js"
import { type MomentQuestion, placeAt } from "../../moments/momentProtocol.js"
import { answerText, etagOf, holds, notModified } from "./jsonAnswer.js"
import { type CallHeaders, isPlain, type PageForm, pageAnswer } from "./pageAnswer.js"
import { readRoute } from "./readRoute.js"

interface PastParams {
  readonly "min-sequence"?: number | undefined
}

/** The sequence that a page is asked for at, or that its cursor is of; null: the present. */
export const sequenceOf = (params: {
  readonly at?: number | undefined
  readonly cursor?: string | undefined
}): number | null => params.at ?? placeAt(params.cursor)?.sequence ?? null

/** A page as the thread of earlier moments wrote it. */
const decodePage = Schema.decodeUnknown(
  Schema.parseJson(
    Schema.Struct({
      sequence: Schema.Number,
      items: Schema.Array(Schema.Object),
      next: Schema.NullOr(Schema.String),
      previous: Schema.NullOr(Schema.String),
    }),
  ),
)

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse, Problem>

export const pastReads = Effect.gen(function* () {
  const moments = yield* MomentReads
  const { log, ready, withProblems } = yield* readRoute

  /** The answer of one question. */
  const answer = (params: PastParams, question: MomentQuestion): Answer =>
    Effect.zipRight(ready(params), moments.ask(question)).pipe(
      Effect.map(({ json, sequence }) => answerText(json, sequence)),
      withProblems,
    )

  /** A page of a list of a thread as it was, with the fields and in the form that the call asks for. */
  const page = (request: CallHeaders, params: PastParams & PageForm, question: MomentQuestion): Answer =>
    isPlain(request, params)
      ? answer(params, question)
      : Effect.zipRight(ready(params), moments.ask(question)).pipe(
          Effect.flatMap(({ json }) => Effect.orDie(decodePage(json))),
          Effect.map((found) => pageAnswer(request, params, found)),
          withProblems,
        )

  /** The header and the newest entries. A moment never changes but by another version of the fold. */
  const thread = (
    request: HttpServerRequest.HttpServerRequest,
    threadId: string,
    at: number,
    {
      limit,
      rewound,
      ...params
    }: PastParams & { readonly limit?: number | undefined; readonly rewound?: boolean | undefined },
  ): Answer =>
    Effect.zipRight(ready(params), moments.ask({ kind: "thread", threadId, sequence: at, limit, rewound })).pipe(
      Effect.map(({ json, sequence }) => {
        const etag = etagOf(log.logId, sequence, `at-${limit ?? ""}-${rewound ?? ""}-${FOLD_VERSION}`)
        return holds(request, etag) ? notModified(etag, sequence) : answerText(json, sequence, { etag })
      }),
      withProblems,
    )

  return { answer, page, thread }
})
