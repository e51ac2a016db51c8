/**
 * The events of a log as they come, across lost connections: the last cursor is remembered, what can pass is tried
 * again, what cannot ends the stream.
 */
import { EventEnvelope } from "@threadfold/contracts"
import { StreamReset, slugOf } from "@threadfold/contracts/api"
import { Problem, ProblemDetails } from "@threadfold/contracts/problem"
import { Chunk, Effect, Option, Schedule, Schema, Stream } from "effect"
import { authorization, type Connection } from "./Connection.js"
import { type Failure, isPassing, pauses, Unavailable } from "./Failure.js"
import { type SseEvent, SseParser } from "./SseParser.js"

/** What a subscription gives out. */
export type StreamMessage =
  /** One event of the log; `cursor` resumes after it. */
  | { readonly kind: "event"; readonly cursor: string; readonly event: EventEnvelope }
  /** Everything up to here has been given out; what follows is new. Comes after every connection. */
  | { readonly kind: "synced"; readonly cursor: string }
  /** The cursor could not be followed: read `snapshot` again. The stream goes on from `cursor`. */
  | {
      readonly kind: "reset"
      readonly cursor: string
      readonly reason: StreamReset["reason"]
      readonly snapshot: string
    }

export interface EventsOptions {
  /** Where to begin: a sequence, or a cursor of an earlier message. The beginning of the log unless told. */
  readonly after?: string | number
  /** Only this thread. */
  readonly threadId?: string
  /** Only these types. */
  readonly types?: readonly string[]
  /** Waiting times between two tries; doubled from the first, at most the second. 250 and 10,000 ms unless told. */
  readonly backoffMs?: readonly [first: number, longest: number]
  /** How many tries in a row may fail before the stream fails with `Unavailable`; any number unless told. */
  readonly maxFailures?: number
}

const decodeProblem = Schema.decodeUnknownOption(Schema.parseJson(ProblemDetails))
const decodeEnvelope = Schema.decodeUnknown(Schema.parseJson(EventEnvelope))
const decodeReset = Schema.decodeUnknown(Schema.parseJson(StreamReset))

const unreadable = (detail: string) =>
  new Problem({ slug: "internal", detail: `The server sent what this client cannot read: ${detail}.` })

const interrupted = (detail: string) => new Unavailable({ detail, problem: null })

/** The message of a server-sent event; null for what this client does not know. */
const messageOf = ({ data, event, id }: SseEvent): Effect.Effect<StreamMessage | null, Failure> => {
  if (event === "overflow") return interrupted("The stream came faster than it was read.")
  if (id === null) return Effect.succeed(null)
  if (event === "synced") return Effect.succeed({ kind: "synced", cursor: id })
  if (event === "reset") {
    return Effect.mapBoth(decodeReset(data), {
      onSuccess: ({ reason, snapshot, cursor }) => ({ kind: "reset" as const, cursor, reason, snapshot }),
      onFailure: ({ message }) => unreadable(message),
    })
  }
  return Effect.mapBoth(decodeEnvelope(data), {
    onSuccess: (envelope) => ({ kind: "event" as const, cursor: id, event: envelope }),
    onFailure: ({ message }) => unreadable(message),
  })
}

/** What a refusal means: a problem for good, or another try. */
const refusal = (status: number, body: string): Failure => {
  const details = Option.getOrNull(decodeProblem(body))
  const slug = details === null ? null : slugOf(details.type)
  const detail = details?.detail ?? `The server answered ${status}.`
  const problem = slug === null ? null : new Problem({ slug, detail })
  // A subscription outlives a fault of the server, too.
  if (isPassing(status) || status >= 500) return new Unavailable({ detail, problem })
  return problem ?? new Problem({ slug: "invalid-request", detail })
}

const pathOf = ({ threadId, types }: EventsOptions): string => {
  const path = threadId === undefined ? "/v1/events" : `/v1/threads/${encodeURIComponent(threadId)}/events`
  return types === undefined ? path : `${path}?types=${encodeURIComponent(types.join(","))}`
}

const open = (connection: Connection, options: EventsOptions, cursor: string | null) =>
  Effect.gen(function* () {
    const controller = yield* Effect.acquireRelease(
      Effect.sync(() => new AbortController()),
      (opened) => Effect.sync(() => opened.abort()),
    )
    const response = yield* Effect.tryPromise({
      try: () =>
        fetch(`${connection.url}${pathOf(options)}`, {
          signal: controller.signal,
          headers: {
            ...authorization(connection),
            accept: "text/event-stream",
            ...(cursor === null ? {} : { "last-event-id": cursor }),
          },
        }),
      catch: (error) => interrupted(`The server was not reached: ${String(error)}.`),
    })
    if (response.status !== 200 || response.body === null) {
      const body = yield* Effect.tryPromise({
        try: () => response.text(),
        catch: (error) => interrupted(`The answer broke off: ${String(error)}.`),
      })
      return yield* Effect.fail(refusal(response.status, body))
    }
    return response.body
  })

/** One connection: its messages until it ends, which always is an interruption. */
const connect = (
  connection: Connection,
  options: EventsOptions,
  cursor: string | null,
): Stream.Stream<StreamMessage, Failure> =>
  Stream.unwrapScoped(
    Effect.map(open(connection, options, cursor), (body) => {
      const parser = new SseParser()
      return Stream.fromReadableStream({
        evaluate: () => body.pipeThrough(new TextDecoderStream()),
        onError: (error) => interrupted(`The stream broke off: ${String(error)}.`),
        releaseLockOnEnd: true,
      }).pipe(
        Stream.mapConcat((text) => parser.push(text)),
        Stream.mapEffect(messageOf),
        Stream.filter((message) => message !== null),
        Stream.concat(Stream.fail(interrupted("The server ended the stream."))),
      )
    }),
  )

/**
 * Subscribes. Ends only by a failure: the server's problem when repetition cannot help (a cursor that cannot be read, a
 * wrong token, a thread that is not there), or `Unavailable` after `maxFailures`. Every event comes once and in order,
 * however often the connection breaks.
 */
export const events = (connection: Connection, options: EventsOptions = {}): Stream.Stream<StreamMessage, Failure> =>
  Stream.suspend(() => {
    const { maxFailures = Number.POSITIVE_INFINITY } = options
    let cursor = options.after === undefined ? null : String(options.after)
    let failures = 0
    const again = pauses(options).pipe(
      Schedule.whileInput((failure: Failure) => failure._tag === "Unavailable" && ++failures <= maxFailures),
    )
    return Stream.suspend(() => connect(connection, options, cursor)).pipe(
      Stream.mapChunks(
        Chunk.map((message) => {
          // Remembered before it is given out: whoever takes it has it.
          cursor = message.cursor
          failures = 0
          return message
        }),
      ),
      Stream.retry(again),
    )
  })
