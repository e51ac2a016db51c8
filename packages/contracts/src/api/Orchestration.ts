/** What the HTTP API tells of live orchestration: agents, effects, the reaper. */
import { Schema } from "effect"
import { EffectKind, EffectStatus } from "../Effects.js"

const S = Schema.String
const N = Schema.Number
const nullable = Schema.NullOr

/** What an agent can be asked to do. */
export const AgentCapabilities = Schema.Struct({
  "start-thread": Schema.Boolean,
  "resume-thread": Schema.Boolean,
  "send-turn": Schema.Boolean,
  /** False: a message that should steer waits in the queue. */
  steer: Schema.Boolean,
  interrupt: Schema.Boolean,
  answer: Schema.Boolean,
  stop: Schema.Boolean,
  /** True: one process serves several threads. */
  sharesConnection: Schema.Boolean,
})

/** A configured agent. */
export const AgentView = Schema.Struct({
  /** Its name: what `agent` of a new thread says. */
  name: S,
  /** Provider kind, for example `codex`. */
  kind: S,
  /** Model of its threads, unless a thread or a message says another; null: the agent's own. */
  model: nullable(S),
  capabilities: AgentCapabilities,
})
export type AgentView = typeof AgentView.Type
export const AgentList = Schema.Struct({
  /** In the order of the configuration. */
  items: Schema.Array(AgentView),
})

/** A call to an agent that follows from a command. */
export const EffectView = Schema.Struct({
  /** Our id. */
  effectId: S,
  /** What is asked for. */
  kind: EffectKind,
  /**
   * `pending`: nobody has touched it; `attempting`: it is on its way; `delivered`: the agent has it; `failed`: it has no
   * effect; `uncertain`: whether it had one is not known; `retired`: what it was about ended before it was handed over.
   */
  status: EffectStatus,
  /** Its thread. */
  threadId: S,
  /** The session it is about; null: whichever lives. */
  sessionId: nullable(S),
  turnId: nullable(S),
  requestId: nullable(S),
  /** The queued message that it carries. */
  messageId: nullable(S),
  /** How often it was begun. */
  attempts: N,
  /** Why it failed, or is uncertain. */
  message: nullable(S),
  /** ms since the epoch. */
  createdAt: N,
  /** ms since the epoch; null: it is not over. */
  endedAt: nullable(N),
})
export type EffectView = typeof EffectView.Type

/** What became of a command. */
export const CommandView = Schema.Struct({
  /** Id of the command. */
  commandId: S,
  /** Calls to the agent, in order. None: it needed none, they ended more than 7 days ago, or there is no such command. */
  effects: Schema.Array(EffectView),
})
export type CommandView = typeof CommandView.Type

/** What the reaper thinks of one session that lives. */
export const ReaperFindingView = Schema.Struct({
  threadId: S,
  sessionId: S,
  /** `reap`: it was idle for too long; `repair`: its process is gone and nobody said so. */
  decision: Schema.Literal("keep", "reap", "repair"),
  /** Why, a short token such as `turn-active`, `request-open`, `keep-alive` or `idle`. */
  reason: S,
  /** For how long it has been idle, ms. */
  idleMs: N,
})
export type ReaperFindingView = typeof ReaperFindingView.Type
export const ReaperFindings = Schema.Array(ReaperFindingView)
