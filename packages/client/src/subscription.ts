/**
 * A stream of the server across lost connections: the last cursor is remembered, what can pass is tried again, what cannot ends
 * the stream.
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { StreamReset, slugOf } from "@threadfold/contracts/api"
import { Problem, ProblemDetails, problems } from "@threadfold/contracts/problem"
import { Chunk, Effect, Option, Schedule, Schema, Stream } from "effect"
import { authorization, type Connection } from "./Connection.js"
import { type Failure, isPassing, pauses, Unavailable } from "./Failure.js"
import { SseDecoder, type SseEvent } from "./SseDecoder.js"

/** Messages that every stream has beside its own. */
export type ControlMessage =
  /** Everything up to here has been given out; what follows is new. Comes after every connection. */
  | { readonly kind: "synced"; readonly cursor: string }
  /** The cursor could not be followed: read `snapshot` again. The stream continues from `cursor`. */
  | {
      readonly kind: "reset"
      readonly cursor: string
      readonly reason: StreamReset["reason"]
      readonly snapshot: string
    }

/** What every subscription takes. */
export interface SubscriptionOptions {
  /** Where to begin: a sequence, or a cursor of an earlier message. */
  readonly after?: string | number
  /** Only this thread. */
  readonly threadId?: string
  /** Waiting times between two tries; doubled from the first, at most the second. 250 and 10,000 ms by default. */
  readonly backoffMs?: readonly [first: number, longest: number]
  /** How many tries in a row may fail before the stream fails with `Unavailable`; any number by default. */
  readonly maxFailures?: number
}

/** What of a stream is read: its path, and the message of an event that is not one of every stream's own. */
export interface Subject<M> {
  readonly path: string
  readonly messageOf: (event: SseEvent, cursor: string) => Effect.Effect<M, Failure>
  /** The message of an event without a place in the log, which is never sent again; null: it has one. Absent: all have. */
  readonly withoutPlace?: (event: SseEvent) => Effect.Effect<M, Failure> | null
}

/** The place in a log that a cursor means: it is `<logId>.<sequence>`. */
export const placeOf = (cursor: string): { readonly logId: string; readonly sequence: number } => {
  const dot = cursor.lastIndexOf(".")
  return { logId: cursor.slice(0, dot), sequence: Number(cursor.slice(dot + 1)) }
}

const decodeProblem = Schema.decodeUnknownOption(Schema.parseJson(ProblemDetails))

/** The server sent what this version of the client does not understand. */
export const unreadable = (detail: string) =>
  new Problem({ slug: "internal", detail: `The server sent what this client cannot read: ${detail}.` })

/** Reads the data of events: JSON of this schema. */
export const dataOf = <A, I>(schema: Schema.Schema<A, I>): ((data: string) => Effect.Effect<A, Problem>) => {
  const decode = Schema.decodeUnknown(Schema.parseJson(schema))
  return (data) => Effect.mapError(decode(data), ({ message }) => unreadable(message))
}

const readReset = dataOf(StreamReset)

const interrupted = (detail: string) => new Unavailable({ detail, problem: null })

/** The message of a server-sent event; null for what this client does not know. */
const messageOf = <M>(subject: Subject<M>, event: SseEvent): Effect.Effect<M | ControlMessage | null, Failure> => {
  if (event.event === "overflow") return interrupted("The stream came faster than it was read.")
  // An event without an id has the last one that was seen: its type alone tells it.
  const passing = subject.withoutPlace?.(event) ?? null
  if (passing !== null) return passing
  if (event.id === null) return Effect.succeed(null)
  if (event.event === "synced") return Effect.succeed({ kind: "synced", cursor: event.id })
  if (event.event === "reset") {
    return Effect.map(readReset(event.data), ({ cursor, reason, snapshot }) => ({
      kind: "reset" as const,
      cursor,
      reason,
      snapshot,
    }))
  }
  return subject.messageOf(event, event.id)
}

/** Whether a refusal is final, or another try may succeed. @param details null: the answer has none */
export const refusal = (status: number, details: ProblemDetails | null): Failure => {
  const slug = details === null ? null : slugOf(details.type)
  const detail = details?.detail ?? `The server answered ${status}.`
  const problem = slug === null ? null : new Problem({ slug, detail })
  const mayPass = slug !== null && problems[slug].mayPass === true
  // A subscription outlives a fault of the server, too.
  if (mayPass || isPassing(status) || status >= 500) return new Unavailable({ detail, problem })
  return problem ?? new Problem({ slug: "invalid-request", detail })
}

/** The connection is closed with the scope. */
const open = (connection: Connection, path: string, cursor: string | null) =>
  Effect.flatMap(HttpClient.HttpClient, (client) =>
    HttpClient.withScope(client).execute(
      HttpClientRequest.get(`${connection.url}${path}`).pipe(
        HttpClientRequest.setHeaders({
          ...authorization(connection),
          accept: "text/event-stream",
          ...(cursor === null ? {} : { "last-event-id": cursor }),
        }),
      ),
    ),
  ).pipe(
    Effect.mapError((error) => interrupted(`The server was not reached: ${error.message}.`)),
    Effect.filterOrElse(
      ({ status }) => status === 200,
      (response) =>
        Effect.flatMap(
          Effect.mapError(response.text, (error) => interrupted(`The answer broke off: ${error.message}.`)),
          (body) => Effect.fail(refusal(response.status, Option.getOrNull(decodeProblem(body)))),
        ),
    ),
  )

/** One connection: its messages until it ends, which always is an interruption. */
const connect = <M>(
  connection: Connection,
  subject: Subject<M>,
  cursor: string | null,
): Stream.Stream<M | ControlMessage, Failure> =>
  Stream.unwrapScoped(
    Effect.map(open(connection, subject.path, cursor), (response) => {
      const decoder = new SseDecoder()
      return response.stream.pipe(
        Stream.mapError((error) => interrupted(`The stream broke off: ${error.message}.`)),
        Stream.decodeText(),
        Stream.mapConcatEffect((text) => {
          const events = decoder.push(text)
          return decoder.tooLong ? Effect.fail(unreadable("an event is too long")) : Effect.succeed(events)
        }),
        Stream.mapEffect((event) => messageOf(subject, event)),
        Stream.filter((message) => message !== null),
        Stream.concat(Stream.fail(interrupted("The server ended the stream."))),
      )
    }),
  ).pipe(Stream.provideLayer(FetchHttpClient.layer))

/**
 * Subscribes. Ends only by a failure: the server's problem when repetition cannot help (a cursor that cannot be read, a
 * wrong token, a thread that is not there), or `Unavailable` after `maxFailures`.
 */
export const subscribe = <M extends { readonly cursor: string | null }>(
  connection: Connection,
  subject: Subject<M>,
  options: SubscriptionOptions,
): Stream.Stream<M | ControlMessage, Failure> =>
  Stream.suspend(() => {
    const { maxFailures = Number.POSITIVE_INFINITY } = options
    let cursor = options.after === undefined ? null : String(options.after)
    let failures = 0
    const again = pauses(options).pipe(
      Schedule.whileInput((failure: Failure) => failure._tag === "Unavailable" && ++failures <= maxFailures),
    )
    return Stream.suspend(() => connect(connection, subject, cursor)).pipe(
      Stream.mapChunks(
        Chunk.map((message) => {
          // Remembered before the message is given out: its reader has it from then on.
          cursor = message.cursor ?? cursor
          failures = 0
          return message
        }),
      ),
      Stream.retry(again),
    )
  })
