/** What needs a person, of all threads, as it changes: every client that listens shows the same list and the same number. */
import { Inbox } from "@threadfold/contracts"
import { Effect, type Stream } from "effect"
import type { Connection } from "./Connection.js"
import type { Failure } from "./Failure.js"
import { type ControlMessage, dataOf, type SubscriptionOptions, subscribe } from "./subscription.js"

/** What a subscription to the inbox gives out. */
export type InboxMessage =
  /** The whole inbox; the one before it is worth nothing. `cursor` resumes after it. */
  { readonly kind: "inbox"; readonly cursor: string; readonly inbox: Inbox } | ControlMessage

const readInbox = dataOf(Inbox)

/** Subscribes to the inbox: the present one comes at once, unless `after` names it. */
export const inbox = (
  connection: Connection,
  options: Omit<SubscriptionOptions, "threadId"> = {},
): Stream.Stream<InboxMessage, Failure> =>
  subscribe(
    connection,
    {
      path: "/v1/inbox",
      messageOf: ({ data }, cursor) =>
        Effect.map(readInbox(data), (read) => ({ kind: "inbox" as const, cursor, inbox: read })),
    },
    options,
  )
