/** Turns: units of agent work. */
import { Schema } from "effect"
import { Json, maybe, ProviderError, TokenCounts } from "./Common.js"
import { joined } from "./Item.js"

/** How a turn ended. */
export const TurnOutcome = Schema.Literal("completed", "failed", "interrupted", "cancelled", "unknown")
export type TurnOutcome = typeof TurnOutcome.Type

/** `turn.accepted`: the provider answered our start; binds `native.turnId` to the turn that `native.callId` requested. */
export const TurnAccepted = Schema.Struct({})
/** `turn.started`: an opening event. */
export const TurnStarted = Schema.Struct({
  /** True when the provider says that it replaces the running turn. */
  supersedes: maybe(Schema.Boolean),
  /** True when the turn was opened because an item named it (inline reviews send no start). */
  synthetic: maybe(Schema.Boolean),
  /** Model of the turn. */
  model: maybe(Schema.String),
  /** True when a resume or rejoin tells that the turn runs: it may bring back a turn whose end was only inferred. */
  joined,
})
/** `turn.completed`: the provider's terminal of a turn. */
export const TurnCompleted = Schema.Struct({
  /** Its outcome. */
  outcome: TurnOutcome,
  /** Why it failed. */
  error: maybe(ProviderError),
  /** Usage of this turn alone, from drivers in `per-turn` mode. */
  usage: maybe(TokenCounts),
  /** The provider's own duration, in milliseconds. */
  durationMs: maybe(Schema.Number),
})
/** `turn.aborted`: the other terminal: the provider gave the turn up. */
export const TurnAborted = Schema.Struct({
  /** The provider's word, for example `interrupted`, `replaced`, `budgetLimited`. */
  reason: maybe(Schema.String),
})
/** `turn.plan.updated`: the agent's to-do list, whole. */
export const TurnPlanUpdated = Schema.Struct({
  /** Why it changed. */
  explanation: maybe(Schema.String),
  /** Steps in order. */
  steps: Schema.Array(
    Schema.Struct({
      /** The step. */
      step: Schema.String,
      /** `pending`, `inProgress` or `completed`. */
      status: Schema.String,
    }),
  ),
})
/** `turn.proposed.delta`: a piece of a plan that waits for consent. */
export const TurnProposedDelta = Schema.Struct({
  /** The text. */
  delta: Schema.String,
})
/** `turn.proposed.completed`: the whole of it. */
export const TurnProposedCompleted = Schema.Struct({
  /** The plan; replaces its deltas. */
  text: Schema.String,
})
/** `turn.diff.updated`: the turn's changes so far as one unified diff. */
export const TurnDiffUpdated = Schema.Struct({
  /** Unified diff. */
  diff: Schema.String,
})

/** `turn.requested`: we (or, in a recording, the client) asked for a turn. An opening event. */
export const TurnRequested = Schema.Struct({
  /** The user's text parts, joined by a blank line. */
  text: maybe(Schema.String),
  /** The whole input in the provider's words, where it holds more than text. */
  input: maybe(Json),
  /** Settings of this turn, in the provider's words. */
  settings: maybe(Json),
  /** Who asked. */
  origin: maybe(Schema.Literal("client", "queue", "realtime", "import")),
  /** True once the bytes were handed to the provider (always in a recording). */
  handedOver: maybe(Schema.Boolean),
})
/** `turn.start-failed`: the requested turn never started. */
export const TurnStartFailed = Schema.Struct({
  /** Why. */
  error: ProviderError,
})
/** `turn.start-timed-out`: the provider accepted the turn and has not started it within the agent's limit (rule 2). */
export const TurnStartTimedOut = Schema.Struct({
  /** How long it waited, in milliseconds in which the host was awake. */
  waitedMs: maybe(Schema.Number),
})
/** `turn.interrupt-requested`: a stop of the turn was asked for. It ends a turn that has not started; one that runs, the provider ends. */
export const TurnInterruptRequested = Schema.Struct({
  /** True: the turn was being handed over in this moment, so that the provider has to end it. */
  underWay: maybe(Schema.Boolean),
  /** Why, for people. */
  reason: maybe(Schema.String),
})
/** `turn.settled`: an inferred end is now taken as the end (rule 2). */
export const TurnSettled = Schema.Struct({})
/** `turn.after-end-settled`: nothing more was heard of the work that the agent did after the turn's end (rule 5). */
export const TurnAfterEndSettled = Schema.Struct({
  /** How long, in milliseconds. */
  silentMs: maybe(Schema.Number),
})
/** `turn.stalled`: nothing was heard of the turn for a while. */
export const TurnStalled = Schema.Struct({
  /** How long, in milliseconds. */
  silentMs: maybe(Schema.Number),
})
