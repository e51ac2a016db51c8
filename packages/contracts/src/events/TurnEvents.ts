/** Turns: units of agent work. */
import { Schema } from "effect"
import { field, listed, maybe, shape, text } from "../fields.js"
import { Json, ProviderError, TokenCounts } from "./Common.js"
import { MessageParts } from "./MessageParts.js"

/** How a turn ended. */
export const TurnOutcome = listed(
  "TurnOutcome",
  "How a turn ended.",
  "completed",
  "failed",
  "interrupted",
  "cancelled",
  "unknown",
)
export type TurnOutcome = typeof TurnOutcome.Type

/** `turn.accepted` */
export const TurnAccepted = shape(
  "TurnAccepted",
  "The provider answered our start; binds `native.turnId` to the turn that `native.callId` requested.",
  {},
)
/** `turn.started` */
export const TurnStarted = shape("TurnStarted", "An opening event.", {
  supersedes: maybe(Schema.Boolean, "True when the provider reports that it replaces the running turn."),
  synthetic: maybe(
    Schema.Boolean,
    "True when the turn was opened because an item named it (inline reviews send no start).",
  ),
  model: maybe(Schema.String, "Model of the turn."),
  joined: maybe(
    Schema.Boolean,
    "True when a resume or rejoin reports that the turn runs: it may bring back a turn whose end was only inferred.",
  ),
})
/** `turn.completed` */
export const TurnCompleted = shape("TurnCompleted", "The provider's terminal of a turn.", {
  outcome: field(TurnOutcome, "Its outcome."),
  error: maybe(ProviderError, "Why it failed."),
  usage: maybe(TokenCounts, "Usage of this turn alone, from drivers in `per-turn` mode."),
  durationMs: maybe(Schema.Number, "The provider's own duration, in milliseconds."),
})
/** `turn.aborted` */
export const TurnAborted = shape("TurnAborted", "The other terminal: the provider gave the turn up.", {
  reason: maybe(Schema.String, "The provider's word, for example `interrupted`, `replaced`, `budgetLimited`."),
})
export const PlanStep = shape("PlanStep", "One step of a to-do list.", {
  step: text("The step."),
  status: text("`pending`, `inProgress` or `completed`."),
})
/** `turn.plan.updated` */
export const TurnPlanUpdated = shape("TurnPlanUpdated", "The agent's to-do list, whole.", {
  explanation: maybe(Schema.String, "Why it changed."),
  steps: field(Schema.Array(PlanStep), "Steps in order."),
})
/** `turn.proposed.delta` */
export const TurnProposedDelta = shape("TurnProposedDelta", "A piece of a plan that waits for consent.", {
  delta: text("The text."),
})
/** `turn.proposed.completed` */
export const TurnProposedCompleted = shape("TurnProposedCompleted", "The whole of it.", {
  text: text("The plan; replaces its deltas."),
})
/** `turn.diff.updated` */
export const TurnDiffUpdated = shape("TurnDiffUpdated", "The turn's changes so far as one unified diff.", {
  diff: text("Unified diff."),
})

const TurnRequestOrigin = listed("TurnRequestOrigin", "Who asked for a turn.", "client", "queue", "realtime", "import")

/** What a review looks at. */
export const ReviewTarget = Schema.Union(
  shape("ReviewUncommitted", "Changes of the folder that are not committed.", {
    type: field(Schema.Literal("uncommitted"), "Kind of the target."),
  }),
  shape("ReviewBranch", "What the folder's branch has beyond another one.", {
    type: field(Schema.Literal("branch"), "Kind of the target."),
    branch: field(Schema.String.pipe(Schema.minLength(1), Schema.maxLength(1_000)), "The other branch."),
  }),
  shape("ReviewCommit", "One commit.", {
    type: field(Schema.Literal("commit"), "Kind of the target."),
    sha: field(Schema.String.pipe(Schema.minLength(1), Schema.maxLength(200)), "Its hash."),
    title: maybe(Schema.String.pipe(Schema.maxLength(1_000)), "Its first line, for people."),
  }),
  shape("ReviewText", "What a text says.", {
    type: field(Schema.Literal("text"), "Kind of the target."),
    text: field(Schema.String.pipe(Schema.minLength(1), Schema.maxLength(100_000)), "The text."),
  }),
).annotations({ identifier: "ReviewTarget", title: "ReviewTarget", description: "What a review looks at." })
export type ReviewTarget = typeof ReviewTarget.Type

/** What a turn does that is no answer to a message. */
export const TurnWork = Schema.Union(
  shape("CompactWork", "The head of the conversation is replaced by a summary.", {
    type: field(Schema.Literal("compact"), "Kind of the work."),
  }),
  shape("ReviewWork", "Changes are reviewed.", {
    type: field(Schema.Literal("review"), "Kind of the work."),
    target: field(ReviewTarget, "What is reviewed."),
  }),
).annotations({
  identifier: "TurnWork",
  title: "TurnWork",
  description: "What a turn does that is no answer to a message.",
})
export type TurnWork = typeof TurnWork.Type

/** `turn.requested` */
export const TurnRequested = shape(
  "TurnRequested",
  "We (or, in a recording, the client) asked for a turn. An opening event.",
  {
    text: maybe(Schema.String, "The user's text parts, joined by a blank line."),
    input: maybe(Json, "The whole input in the provider's words, where it holds more than text."),
    parts: maybe(MessageParts, "The parts of the user's message, where it is more than one text."),
    settings: maybe(Json, "Settings of this turn, in the provider's words."),
    origin: maybe(TurnRequestOrigin, "Who asked."),
    work: maybe(TurnWork, "What it does, where it is no answer to a message."),
    handedOver: maybe(Schema.Boolean, "True once the bytes were delivered to the provider (always in a recording)."),
  },
)
/** `turn.start-failed` */
export const TurnStartFailed = shape("TurnStartFailed", "The requested turn never started.", {
  error: field(ProviderError, "Why."),
})
/** `turn.start-timed-out` */
export const TurnStartTimedOut = shape(
  "TurnStartTimedOut",
  "The provider accepted the turn and has not started it within the agent's limit (rule 2).",
  {
    waitedMs: maybe(Schema.Number, "How long it waited, in milliseconds in which the host was awake."),
  },
)
/** `turn.interrupt-requested` */
export const TurnInterruptRequested = shape(
  "TurnInterruptRequested",
  "A stop of the turn was asked for. It ends a turn that has not started; one that runs, the provider ends.",
  {
    underWay: maybe(
      Schema.Boolean,
      "True: the turn was being delivered at this moment, so that the provider has to end it.",
    ),
    reason: maybe(Schema.String, "Why, for people."),
  },
)
/** `turn.settled` */
export const TurnSettled = shape("TurnSettled", "An inferred end is now taken as the end (rule 2).", {})
/** `turn.after-end-settled` */
export const TurnAfterEndSettled = shape(
  "TurnAfterEndSettled",
  "Nothing more was heard of the work that the agent did after the turn's end (rule 5).",
  {
    silentMs: maybe(Schema.Number, "How long, in milliseconds."),
  },
)
/** `turn.stalled` */
export const TurnStalled = shape("TurnStalled", "Nothing was heard of the turn for a while.", {
  silentMs: maybe(Schema.Number, "How long, in milliseconds."),
})
