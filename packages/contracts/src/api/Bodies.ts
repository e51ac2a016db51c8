/** Bodies of the commands that the HTTP API takes: what the command says, without what the path says already. */
import { Schema } from "effect"
import {
  CreateThread,
  InterruptTurn,
  KeepThreadAlive,
  RenameThread,
  ReorderQueue,
  RespondToRequest,
  SendMessage,
  StartSession,
  StopSession,
} from "../commands/index.js"
import { ThreadId } from "../Ids.js"

/** Body of `POST /v1/threads`. */
export const CreateThreadBody = Schema.Struct({
  /** Name of a configured agent: `GET /v1/agents` lists them. */
  agent: CreateThread.fields.agent,
  /** Display name. */
  title: CreateThread.fields.title,
  /** Working directory of the agent, absolute. */
  cwd: CreateThread.fields.cwd,
  /** Model, in the provider's words; absent: the agent's. */
  model: CreateThread.fields.model,
  /** Settings of its sessions, in the provider's words. */
  settings: CreateThread.fields.settings,
  /** Id of the thread, a UUIDv7 of the caller's; absent: the server makes one. */
  threadId: Schema.optional(ThreadId),
})
export type CreateThreadBody = typeof CreateThreadBody.Type

/** Body of `PATCH /v1/threads/{threadId}`. */
export const RenameBody = Schema.Struct({
  /** The new display name. */
  title: RenameThread.fields.title,
})
export type RenameBody = typeof RenameBody.Type

/** Body of `POST /v1/threads/{threadId}/keep-alive`. */
export const KeepAliveBody = Schema.Struct({
  /** Until then the reaper leaves the thread alone, ms since the epoch; null lifts it. */
  until: KeepThreadAlive.fields.until,
})
export type KeepAliveBody = typeof KeepAliveBody.Type

/** Body of `POST /v1/threads/{threadId}/messages`. */
export const SendMessageBody = Schema.Struct({
  /** The text, 1 to 1,000,000 characters. */
  text: SendMessage.fields.text,
  /** What it does to a turn that runs or waits; absent: `queue`. Where there is none, each of them starts a turn. */
  mode: SendMessage.fields.mode,
  /** Settings of this turn in the provider's words; not with `steer`. */
  settings: SendMessage.fields.settings,
})
export type SendMessageBody = typeof SendMessageBody.Type

/** Body of `PUT /v1/threads/{threadId}/queue`. */
export const ReorderQueueBody = Schema.Struct({
  /** Every queued message exactly once, in the new order. */
  messageIds: ReorderQueue.fields.messageIds,
})
export type ReorderQueueBody = typeof ReorderQueueBody.Type

/** Body of the two `…/interrupt`; may be left out. */
export const InterruptBody = Schema.Struct({
  /** Why, for people. */
  reason: InterruptTurn.fields.reason,
})
export type InterruptBody = typeof InterruptBody.Type

/** Body of `POST /v1/requests/{requestId}/respond`. */
export const RespondBody = Schema.Struct({
  /**
   * One of the choices that the request names, or `accept`, `acceptForSession`, `decline`, `cancel` where one of them stands
   * for that word; `answer` where `data` says it all.
   */
  decision: RespondToRequest.fields.decision,
  /** The answer: `{"answers": {"<question id>": ["…"]}}` where the request has questions, else in the provider's words. */
  data: RespondToRequest.fields.data,
})
export type RespondBody = typeof RespondBody.Type

/** Body of `POST /v1/threads/{threadId}/session/start`; may be left out. */
export const StartSessionBody = Schema.Struct({
  /** True: where the agent cannot open the thread again, start anew without what was said before. */
  fresh: StartSession.fields.fresh,
})
export type StartSessionBody = typeof StartSessionBody.Type

/** Body of `POST /v1/threads/{threadId}/session/stop`; may be left out. */
export const StopSessionBody = Schema.Struct({
  /** Why, for people. */
  reason: StopSession.fields.reason,
})
export type StopSessionBody = typeof StopSessionBody.Type
