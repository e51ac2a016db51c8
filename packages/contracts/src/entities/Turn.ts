import { Schema } from "effect"
import { ProviderError, TokenCounts } from "../events/Common.js"
import { MessageParts, MessagePartView } from "../events/MessageParts.js"
import { TurnOutcome } from "../events/TurnEvents.js"
import {
  field,
  flag,
  growing,
  int,
  json,
  listed,
  meaningOf,
  optInt,
  optText,
  optTime,
  retyped,
  shape,
  text,
  time,
} from "../fields.js"
import { ended, ordinal, sequence, servedEvidence, span, threadId, version } from "./shared.js"
import { truncated } from "./Truncated.js"
import { type RowOf, table } from "./table.js"
import { UsageView } from "./Usage.js"

/** Where a turn is. */
export const TurnStatus = listed(
  "TurnStatus",
  "Where a turn is. `requested`: asked for; `running`; `ended`: see `outcome`, `cause` and `evidence`.",
  "requested",
  "running",
  "ended",
)
export type TurnStatus = typeof TurnStatus.Type

/** What asked for a turn. */
export const TurnOrigin = listed(
  "TurnOrigin",
  "What asked for a turn. `provider`: the agent started it by itself; `synthetic`: opened because an item named it.",
  "client",
  "queue",
  "realtime",
  "import",
  "provider",
  "synthetic",
)
export type TurnOrigin = typeof TurnOrigin.Type

/** Every field of a turn. */
export const Turn = shape("TurnRow", "One unit of agent work.", {
  turnId: text("Our id."),
  threadId,
  sessionId: optText("Session that ran it; null while it waits for one."),
  ordinal,
  nativeTurnId: optText("The provider's id; null: not known yet."),
  clientId: optText("The client's id of the message, where it gave the provider one; the provider repeats it."),
  callId: optText("JSON text of our call's id, until the provider's answer binds the turn."),
  origin: field(TurnOrigin, "What asked for it."),
  status: field(TurnStatus, "`requested`: asked for; `running`; `ended`: see `outcome`, `cause` and `evidence`."),
  outcome: field(Schema.NullOr(TurnOutcome), "How it ended; null until it ended."),
  ...ended,
  settled: flag("True once the end is final: observed, or settled after an inferred one."),
  uncertain: flag(
    "True: it was handed to the agent, and whether it arrived is not known. It is never sent again by itself.",
  ),
  stalled: flag("True while nothing is heard of it."),
  rejoined: flag("True once it runs again, or ran again, because a join showed that it had not ended."),
  handedOver: flag("True once a requested turn's bytes reached the provider."),
  interruptRequestedAt: optTime("When an interrupt was asked for", "none was"),
  steeredInto: optText("Turn that took the message, when this one never ran."),
  supersededBy: optText("Turn that replaced it; null: none did."),
  text: optText(
    "The user's text of a turn that was asked for; null: the agent started it by itself, or its source did not report it.",
  ),
  parts: field(
    Schema.NullOr(MessageParts),
    "The parts of the user's message, where it is more than one text; null: it is not, or is not known.",
  ),
  error: field(
    Schema.NullOr(ProviderError),
    "Why it failed: `{message, code, httpStatus, details}`; null: it did not.",
  ),
  usage: field(Schema.NullOr(TokenCounts), "Tokens of this turn; null: not reported."),
  diff: optText("The turn's changes as one unified diff, where the provider reports it."),
  proposal: optText("A plan of the agent that waits for consent; null: none."),
  preview: optText(
    "What was said last in it, in one line: the thread's `preview` where no later turn has one; null: nothing.",
  ),
  items: int("Items seen in it."),
  requestedAt: optTime("When it was asked for", "the agent started it by itself"),
  ...span,
  sequence,
})

/** Its table. */
export const turns = table("turns", "One row per turn.", Turn, {
  key: ["turnId"],
  heavy: ["text", "parts", "diff", "proposal"],
  derived: ["sequence"],
  lookups: {
    byNativeInSession: ["sessionId", "nativeTurnId"],
    byNativeInThread: ["threadId", "nativeTurnId"],
    byOrdinal: ["threadId", "ordinal"],
  },
})
/** A row of `turns`. */
export type TurnRow = RowOf<typeof turns>

/** A turn in a list of its thread. */
export const TurnView = shape("Turn", "One unit of agent work.", {
  ...Turn.pick("turnId", "nativeTurnId", "sessionId", "status", "outcome", "cause", "evidence", "startedAt", "endedAt")
    .fields,
  outcome: retyped(Turn.fields.outcome, Schema.NullOr(growing(TurnOutcome))),
  evidence: servedEvidence(Turn.fields.evidence),
  usage: retyped(Turn.fields.usage, Schema.NullOr(UsageView)),
  error: json(meaningOf(Turn.fields.error)),
  ...Turn.pick("origin", "settled", "stalled", "rejoined", "steeredInto", "text", "parts", "diff", "proposal").fields,
  parts: retyped(Turn.fields.parts, Schema.NullOr(Schema.Array(MessagePartView))),
  origin: retyped(Turn.fields.origin, growing(TurnOrigin)),
  rewound: flag("True: the provider took the turn back (rule 13). It keeps its usage."),
  rewoundAt: optTime("Since when it is taken back, by the source clock", "it was not taken back"),
  rewoundSequence: optInt("Sequence of the event that took it back; null: it was not taken back."),
  truncated,
})
export type TurnView = typeof TurnView.Type

/** One turn, by its id. */
export const TurnDetail = shape(
  "TurnDetail",
  "One turn, by its id, with the fields that a reader needs outside its thread.",
  {
    threadId,
    ...TurnView.fields,
    ...Turn.pick("uncertain", "requestedAt").fields,
    version,
  },
)
export type TurnDetail = typeof TurnDetail.Type

/** Every field of a rewind. */
export const Rewind = shape(
  "RewindRow",
  "A range of turns that were taken back. The turns' own rows stay as they are.",
  {
    threadId,
    ordinal,
    firstTurnId: text("First turn of the range."),
    fromOrdinal: int("`ordinal` of the first turn of the range."),
    toOrdinal: int("`ordinal` of the last turn of the range."),
    depth: int(
      "1, 2, 3 … among the ranges that no later one holds, oldest first: how the fold finds the range of a turn.",
    ),
    rewoundAt: time("When they were taken back, by the source clock"),
    sequence,
  },
)

/** Its table. */
export const rewinds = table(
  "rewinds",
  "One row per range of turns that were taken back. The turns' own rows stay as they are.",
  Rewind,
  { key: ["threadId", "ordinal"], derived: ["sequence"], lookups: { byDepth: ["threadId", "depth"] } },
)
/** A row of `rewinds`. */
export type RewindRow = RowOf<typeof rewinds>
