/** Bodies of the commands that the HTTP API takes: the fields of the command that are not in the path. */
import { Schema } from "effect"
import {
  ConfigureSession,
  CreateThread,
  ForkThread,
  InterruptTurn,
  KeepThreadAlive,
  PromoteMessage,
  ReadThread,
  RenameThread,
  ReorderQueue,
  RespondToRequest,
  RewindThread,
  SendMessage,
  SetUnattended,
  StartReview,
  StartSession,
  StopSession,
  StopTask,
} from "../commands/index.js"
import { maxMessageParts, SentPart } from "../events/MessageParts.js"
import { optional, shape } from "../fields.js"
import { ThreadId } from "../Ids.js"

/** Body of `POST /v1/threads`. */
export const CreateThreadBody = shape("CreateThreadBody", "A new thread.", {
  ...CreateThread.pick("agent", "title", "cwd", "model", "settings").fields,
  threadId: optional(ThreadId, "Id of the thread, a UUIDv7 of the caller's; absent: the server makes one."),
})
export type CreateThreadBody = typeof CreateThreadBody.Type

/** Body of `PATCH /v1/threads/{threadId}`. */
export const RenameBody = shape("RenameBody", "Another name for a thread.", RenameThread.pick("title").fields)
export type RenameBody = typeof RenameBody.Type

/** Body of `POST /v1/threads/{threadId}/fork`. */
export const ForkBody = shape("ForkBody", "Where a thread is forked, and whether its agent goes on in the fork.", {
  ...ForkThread.pick("turnId").fields,
  goOn: optional(
    Schema.Boolean,
    "True: the thread's agent works in the fork. Absent or false: the fork is there to be read.",
  ),
})
export type ForkBody = typeof ForkBody.Type

/** Body of `POST /v1/threads/{threadId}/rewind`; may be left out. */
export const RewindBody = shape(
  "RewindBody",
  "How much of a conversation is taken back; may be left out.",
  RewindThread.pick("turns", "files").fields,
)
export type RewindBody = typeof RewindBody.Type

/** Body of `POST /v1/threads/{threadId}/review`. */
export const ReviewBody = shape("ReviewBody", "What is reviewed.", StartReview.pick("target").fields)
export type ReviewBody = typeof ReviewBody.Type

/** Body of `POST /v1/threads/{threadId}/keep-alive`. */
export const KeepAliveBody = shape(
  "KeepAliveBody",
  "For how long the reaper leaves a thread alone.",
  KeepThreadAlive.pick("until").fields,
)
export type KeepAliveBody = typeof KeepAliveBody.Type

/** Body of `POST /v1/threads/{threadId}/unattended`. */
export const UnattendedBody = shape(
  "UnattendedBody",
  "What follows in a thread when no person answers a question of its agent.",
  SetUnattended.pick("rules").fields,
)
export type UnattendedBody = typeof UnattendedBody.Type

/** Body of `POST /v1/threads/{threadId}/read`. */
export const ReadBody = shape("ReadBody", "How far a person has seen a thread.", ReadThread.pick("version").fields)
export type ReadBody = typeof ReadBody.Type

/** Body of `POST /v1/threads/{threadId}/messages`. */
export const SendMessageBody = shape(
  "SendMessageBody",
  "A message for the agent of a thread: a text, parts, or a text and the parts that follow it.",
  {
    text: optional(
      Schema.String.pipe(Schema.minLength(1), Schema.maxLength(1_000_000)),
      "The text, 1 to 1,000,000 characters: the same as a part of type `text` before all others.",
    ),
    parts: optional(
      Schema.Array(SentPart).pipe(Schema.minItems(1), Schema.maxItems(maxMessageParts)),
      `Texts, images, files, directories, skills and a slash command, in their order: 1 to ${maxMessageParts}. What the agent takes stands in its capabilities.`,
    ),
    ...SendMessage.pick("mode", "settings").fields,
  },
)
export type SendMessageBody = typeof SendMessageBody.Type

/** Body of `PATCH /v1/threads/{threadId}/queue/{messageId}`. */
export const EditMessageBody = shape(
  "EditMessageBody",
  "What a queued message says from now on: a text, parts, or a text and the parts that follow it. It replaces all that the message was.",
  SendMessageBody.pick("text", "parts").fields,
)
export type EditMessageBody = typeof EditMessageBody.Type

/** Body of `POST /v1/threads/{threadId}/queue/{messageId}/promote`; may be left out. */
export const PromoteMessageBody = shape(
  "PromoteMessageBody",
  "Where a queued message goes; may be left out.",
  PromoteMessage.pick("to").fields,
)
export type PromoteMessageBody = typeof PromoteMessageBody.Type

/** Body of `PUT /v1/threads/{threadId}/queue`. */
export const ReorderQueueBody = shape(
  "ReorderQueueBody",
  "Another order of a queue.",
  ReorderQueue.pick("messageIds").fields,
)
export type ReorderQueueBody = typeof ReorderQueueBody.Type

/** Body of the two `…/interrupt`; may be left out. */
export const InterruptBody = shape(
  "InterruptBody",
  "Why a turn is interrupted; may be left out.",
  InterruptTurn.pick("reason").fields,
)
export type InterruptBody = typeof InterruptBody.Type

/** Body of `POST /v1/threads/{threadId}/tasks/{taskId}/stop`; may be left out. */
export const StopTaskBody = shape(
  "StopTaskBody",
  "Why a background task is ended; may be left out.",
  StopTask.pick("reason").fields,
)
export type StopTaskBody = typeof StopTaskBody.Type

/** Body of `POST /v1/requests/{requestId}/respond`. */
export const RespondBody = shape(
  "RespondBody",
  "The answer to a question of an agent.",
  RespondToRequest.pick("decision", "data").fields,
)
export type RespondBody = typeof RespondBody.Type

/** Body of `POST /v1/threads/{threadId}/session/start`; may be left out. */
export const StartSessionBody = shape(
  "StartSessionBody",
  "How an agent is started; may be left out.",
  StartSession.pick("fresh").fields,
)
export type StartSessionBody = typeof StartSessionBody.Type

/** Body of `POST /v1/threads/{threadId}/configure`. */
export const ConfigureBody = shape(
  "ConfigureBody",
  "What the agent of a thread works with from now on, in its own words: one choice at least.",
  ConfigureSession.pick("model", "effort", "mode", "sandbox").fields,
)
export type ConfigureBody = typeof ConfigureBody.Type

/** Body of `POST /v1/threads/{threadId}/session/stop`; may be left out. */
export const StopSessionBody = shape(
  "StopSessionBody",
  "Why an agent is stopped; may be left out.",
  StopSession.pick("reason").fields,
)
export type StopSessionBody = typeof StopSessionBody.Type
