/** Pieces that the groups of routes share. */
import { Schema } from "effect"
import { readParams } from "./Query.js"

// An id of the wrong form names nothing that exists: that is a 404 like any other, not a decode error.
const id = (description: string) => Schema.String.annotations({ description })

export const threadPath = Schema.Struct({ threadId: id("Our id of the thread.") })
export const sessionPath = Schema.Struct({ sessionId: id("The id of the session, a lower-case UUIDv7.") })
export const turnPath = Schema.Struct({ turnId: id("Our id of the turn.") })
export const itemPath = Schema.Struct({ itemId: id("Our id of the item.") })
export const requestPath = Schema.Struct({ requestId: id("Our id of the request.") })
export const messagePath = Schema.Struct({ ...threadPath.fields, messageId: id("Our id of the queued message.") })
export const taskPath = Schema.Struct({ ...threadPath.fields, taskId: id("Our id of the background task.") })
export const commandPath = Schema.Struct({ commandId: id("`commandId` of a receipt.") })

/** Query of a single read. */
export const reads = Schema.Struct(readParams)

/** Longest idempotency key, characters. */
export const maxKeyLength = 200

/** Headers of every command. */
export const commandHeaders = Schema.Struct({
  "idempotency-key": Schema.optional(
    Schema.String.pipe(
      Schema.pattern(/^[\x20-\x7e]{1,200}$/, {
        message: () => `Idempotency-Key must have 1 to ${maxKeyLength} printable ASCII characters`,
      }),
      Schema.annotations({
        description:
          "What a retry is known by, 1 to 200 printable characters: the same call with the same key gets the first " +
          "answer, whatever has happened since; another call with it is the problem command-conflict. Kept for 7 days.",
      }),
    ),
  ),
  "if-match": Schema.optional(
    Schema.String.annotations({
      description:
        "The `ETag` that was read: another version of the resource refuses the call with precondition-failed.",
    }),
  ),
})

/** A command is durable, and what follows from it is under way. */
export const accepted = { status: 202 } as const
