/** What needs a person, of all threads, as it changes: every client that listens shows the same list and the same number. */
import { Inbox } from "@threadfold/contracts"
import { Effect, Schema, type Stream } from "effect"
import type { Connection } from "./Connection.js"
import type { Failure } from "./Failure.js"
import { type ControlMessage, type SubscriptionOptions, subscribe, unreadable } from "./subscription.js"

/** What a subscription to the inbox gives out. */
export type InboxMessage =
  /** The whole inbox; the one before it is worth nothing. `cursor` resumes after it. */
  { readonly kind: "inbox"; readonly cursor: string; readonly inbox: Inbox } | ControlMessage

const decodeInbox = Schema.decodeUnknown(Schema.parseJson(Inbox))

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
        Effect.mapBoth(decodeInbox(data), {
          onSuccess: (read) => ({ kind: "inbox" as const, cursor, inbox: read }),
          onFailure: ({ message }) => unreadable(message),
        }),
    },
    options,
  )
