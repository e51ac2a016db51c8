/** The events of a log as they come, each once and in order, however often the connection breaks. */
import { EventEnvelope } from "@threadfold/contracts"
import { Effect, Schema, type Stream } from "effect"
import type { Connection } from "./Connection.js"
import type { Failure } from "./Failure.js"
import { type ControlMessage, type SubscriptionOptions, subscribe, unreadable } from "./subscription.js"

/** What a subscription gives out. */
export type StreamMessage =
  /** One event of the log; `cursor` resumes after it. */
  { readonly kind: "event"; readonly cursor: string; readonly event: EventEnvelope } | ControlMessage

/** What to subscribe to. Without `after` the stream begins at the beginning of the log. */
export interface EventsOptions extends SubscriptionOptions {
  /** Only these types. */
  readonly types?: readonly string[]
}

const decodeEnvelope = Schema.decodeUnknown(Schema.parseJson(EventEnvelope))

const pathOf = ({ threadId, types }: EventsOptions): string => {
  const path = threadId === undefined ? "/v1/events" : `/v1/threads/${encodeURIComponent(threadId)}/events`
  return types === undefined ? path : `${path}?types=${encodeURIComponent(types.join(","))}`
}

/** Subscribes to events; see {@link subscribe}. */
export const events = (connection: Connection, options: EventsOptions = {}): Stream.Stream<StreamMessage, Failure> =>
  subscribe(
    connection,
    {
      path: pathOf(options),
      messageOf: ({ data }, cursor) =>
        Effect.mapBoth(decodeEnvelope(data), {
          onSuccess: (event) => ({ kind: "event" as const, cursor, event }),
          onFailure: ({ message }) => unreadable(message),
        }),
    },
    options,
  )
