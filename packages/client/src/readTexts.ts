/** Long texts, part by part: where `truncated` of an entry or an event leads. */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { type Cut, TextRange } from "@threadfold/contracts"
import { type Problem, ProblemDetails } from "@threadfold/contracts/problem"
import { Chunk, Effect, Option, Schema, Stream } from "effect"
import { resendRead } from "./Client.js"
import { authorization, type Connection } from "./Connection.js"
import type { StreamedEvent } from "./Events.js"
import { type Failure, failureOf } from "./Failure.js"
import { refusal, unreadable } from "./subscription.js"

const decodeRange = Schema.decodeUnknown(TextRange)
const decodeProblem = Schema.decodeUnknownOption(ProblemDetails)

/** Which part is read, bytes of UTF-8. */
export interface TextPart {
  /** From the start of the text; 0 by default. */
  readonly offset?: number
  /** At most; 65,536 by default, which is the most. */
  readonly limit?: number
}

/** One part of a text. It begins and ends with a whole character. */
export const readTextPart = (
  connection: Connection,
  { href }: Pick<Cut, "href">,
  { limit, offset = 0 }: TextPart = {},
): Effect.Effect<TextRange, Failure> =>
  Effect.gen(function* () {
    const client = resendRead(yield* HttpClient.HttpClient)
    const answer = yield* client.execute(
      HttpClientRequest.get(`${connection.url}${href}`).pipe(
        HttpClientRequest.setHeaders({ ...authorization(connection) }),
        HttpClientRequest.appendUrlParams({ offset, ...(limit === undefined ? {} : { limit }) }),
      ),
    )
    const body = yield* answer.json
    if (answer.status === 200) return yield* decodeRange(body)
    return yield* Effect.fail(refusal(answer.status, Option.getOrNull(decodeProblem(body))))
  }).pipe(Effect.scoped, Effect.provide(FetchHttpClient.layer), Effect.mapError(failureOf))

/** The whole of a text, as its parts: memory holds one. A text that grows meanwhile is read to where it ends then. */
export const readText = (connection: Connection, cut: Pick<Cut, "href">): Stream.Stream<string, Failure> =>
  Stream.paginateChunkEffect(0, (offset) =>
    Effect.map(
      readTextPart(connection, cut, { offset }),
      ({ next, text }) => [Chunk.of(text ?? ""), Option.fromNullable(next)] as const,
    ),
  )

const parse = (json: string): Effect.Effect<unknown, Problem> =>
  Effect.try({ try: (): unknown => JSON.parse(json), catch: () => unreadable("a payload is no JSON") })

/** An event of a stream with its whole payload. One that is not cut is as it was, without a call. */
export const wholeEvent = (connection: Connection, event: StreamedEvent): Effect.Effect<StreamedEvent, Failure> => {
  const { truncated, ...rest } = event
  const cut = truncated?.payload
  if (cut === undefined) return Effect.succeed(event)
  return Effect.map(
    Effect.flatMap(
      Stream.runFold(readText(connection, cut), "", (read, part) => read + part),
      parse,
    ),
    (payload) => ({ ...rest, payload }),
  )
}
