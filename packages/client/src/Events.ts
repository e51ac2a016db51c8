/** The events of a log as they come, each once and in order, however often the connection breaks. */
import { EventEnvelope, truncated } from "@threadfold/contracts"
import { Effect, Schema, type Stream } from "effect"
import type { Connection } from "./Connection.js"
import type { Failure } from "./Failure.js"
import { type ControlMessage, dataOf, type SubscriptionOptions, subscribe } from "./subscription.js"

/** What a subscription gives out. */
export type StreamMessage =
  /** One event of the log; `cursor` resumes after it. */
  { readonly kind: "event"; readonly cursor: string; readonly event: StreamedEvent } | ControlMessage

/** What to subscribe to. Without `after` the stream begins at the beginning of the log. */
export interface EventsOptions extends SubscriptionOptions {
  /** Only these types. */
  readonly types?: readonly string[]
  /** Not these types. */
  readonly except?: readonly string[]
  /** True: also audio of voice conversations (`realtime.audio`), which is left out else, unless `types` names it. */
  readonly audio?: boolean
}

/** An event as a stream sends it. */
const StreamedEvent = Schema.Struct({ ...EventEnvelope.fields, truncated })
/** An event of a stream. Of a payload that is too long it holds the beginning alone, and `truncated` says where the whole is. */
export type StreamedEvent = typeof StreamedEvent.Type

const readEvent = dataOf(StreamedEvent)

const pathOf = ({ audio, except, threadId, types }: EventsOptions): string => {
  const path = threadId === undefined ? "/v1/events" : `/v1/threads/${encodeURIComponent(threadId)}/events`
  const query = [
    ...(types === undefined ? [] : [`types=${encodeURIComponent(types.join(","))}`]),
    ...(except === undefined ? [] : [`except=${encodeURIComponent(except.join(","))}`]),
    ...(audio === true ? ["audio=true"] : []),
  ]
  return query.length === 0 ? path : `${path}?${query.join("&")}`
}

/** Subscribes to the events of a path; see {@link subscribe}. */
export const readEvents = (
  connection: Connection,
  path: string,
  options: SubscriptionOptions,
): Stream.Stream<StreamMessage, Failure> =>
  subscribe(
    connection,
    {
      path,
      messageOf: ({ data }, cursor) =>
        Effect.map(readEvent(data), (event) => ({ kind: "event" as const, cursor, event })),
    },
    options,
  )

/** Subscribes to events; see {@link subscribe}. */
export const events = (connection: Connection, options: EventsOptions = {}): Stream.Stream<StreamMessage, Failure> =>
  readEvents(connection, pathOf(options), options)
