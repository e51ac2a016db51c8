/** The rows of the server as they change, for programs that keep a copy of them without a reducer. */
import { RowChanges } from "@threadfold/contracts/api"
import { Effect, type Stream } from "effect"
import type { Connection } from "./Connection.js"
import type { Failure } from "./Failure.js"
import { type ControlMessage, dataOf, type SubscriptionOptions, subscribe } from "./subscription.js"

/** What a subscription to changes gives out. */
export type ChangesMessage =
  /**
   * Rows of one stream, to be carried out in their order; `cursor` resumes after them. Null, with `more`: changes of the same commit
   * follow, and a stream that breaks off before them sends these once more.
   */
  ({ readonly kind: "changes"; readonly cursor: string | null } & RowChanges) | ControlMessage

const readChanges = dataOf(RowChanges)

const messageOf = (data: string, cursor: string | null) =>
  Effect.map(readChanges(data), (message) => ({
    kind: "changes" as const,
    cursor: message.more === true ? null : cursor,
    ...message,
  }))

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
      messageOf: ({ data }, cursor) => messageOf(data, cursor),
      withoutPlace: ({ data, event, id }) => (event === "changes" && id === null ? messageOf(data, null) : null),
    },
    options,
  )
