/** Bodies of the commands that the HTTP API takes: the fields of the command that are not in the path. */
import {
  CreateThread,
  ForkThread,
  InterruptTurn,
  KeepThreadAlive,
  RenameThread,
  ReorderQueue,
  RespondToRequest,
  SendMessage,
  StartSession,
  StopSession,
} from "../commands/index.js"
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
export const ForkBody = shape("ForkBody", "Where a thread is forked.", ForkThread.pick("turnId").fields)
export type ForkBody = typeof ForkBody.Type

/** Body of `POST /v1/threads/{threadId}/keep-alive`. */
export const KeepAliveBody = shape(
  "KeepAliveBody",
  "For how long the reaper leaves a thread alone.",
  KeepThreadAlive.pick("until").fields,
)
export type KeepAliveBody = typeof KeepAliveBody.Type

/** Body of `POST /v1/threads/{threadId}/messages`. */
export const SendMessageBody = shape(
  "SendMessageBody",
  "A message for the agent of a thread.",
  SendMessage.pick("text", "mode", "settings").fields,
)
export type SendMessageBody = typeof SendMessageBody.Type

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

/** Body of `POST /v1/threads/{threadId}/session/stop`; may be left out. */
export const StopSessionBody = shape(
  "StopSessionBody",
  "Why an agent is stopped; may be left out.",
  StopSession.pick("reason").fields,
)
export type StopSessionBody = typeof StopSessionBody.Type
