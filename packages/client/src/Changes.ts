/** The rows of the server as they change, for programs that keep a copy of them without a reducer. */
import { RowChanges } from "@threadfold/contracts/api"
import { Effect, Schema, type Stream } from "effect"
import type { Connection } from "./Connection.js"
import type { Failure } from "./Failure.js"
import { type ControlMessage, type SubscriptionOptions, subscribe, unreadable } from "./subscription.js"

/** What a subscription to changes gives out. */
export type ChangesMessage =
  /** Rows of one stream, to be carried out in their order; `cursor` resumes after them. */
  ({ readonly kind: "changes"; readonly cursor: string } & RowChanges) | ControlMessage

const decodeChanges = Schema.decodeUnknown(Schema.parseJson(RowChanges))

/**
 * Subscribes to changes. It begins now, or at `after`; after a `reset` read the snapshot again: what the server notes of
 * changes does not reach back to the place that was asked for.
 */
export const changes = (
  connection: Connection,
  options: SubscriptionOptions = {},
): Stream.Stream<ChangesMessage, Failure> =>
  subscribe(
    connection,
    {
      path:
        options.threadId === undefined ? "/v1/changes" : `/v1/threads/${encodeURIComponent(options.threadId)}/changes`,
      messageOf: ({ data }, cursor) =>
        Effect.mapBoth(decodeChanges(data), {
          onSuccess: (message) => ({ kind: "changes" as const, cursor, ...message }),
          onFailure: ({ message }) => unreadable(message),
        }),
    },
    options,
  )
