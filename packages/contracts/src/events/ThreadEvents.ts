/** Events about a thread as a whole. */
import { Schema } from "effect"
import { field, maybe, shape } from "../fields.js"
import { Json, TokenCounts, UsageMode } from "./Common.js"

/** `thread.started` */
export const ThreadStarted = shape(
  "ThreadStarted",
  "The provider's thread exists. The first one of a stream creates the thread.",
  {
    provider: maybe(Schema.String, "Provider kind."),
    title: maybe(Schema.String, "Display name."),
    cwd: maybe(Schema.String, "Working directory."),
    model: maybe(Schema.String, "Model name."),
    parentNativeThreadId: maybe(
      Schema.String,
      "Native id of the thread that spawned this one: evidence for a child link.",
    ),
    parentThreadId: maybe(Schema.String, "Our id of it, filled in by the engine when it knows that thread."),
    forkedFromNativeThreadId: maybe(
      Schema.String,
      "Native id of the thread this one was forked from: evidence for a fork link.",
    ),
    forkedFromThreadId: maybe(Schema.String, "Our id of it, filled in by the engine."),
  },
)
/** `thread.metadata.updated` */
export const ThreadMetadataUpdated = shape("ThreadMetadataUpdated", "Fields that are absent keep their value.", {
  title: maybe(Schema.String, "Display name."),
  parentNativeThreadId: maybe(
    Schema.String,
    "Native id of the parent thread, learned later (collaboration receiver, sub-agent activity).",
  ),
  parentThreadId: maybe(Schema.String, "Our id of it, filled in by the engine."),
  goal: maybe(Json, "What the agent works towards, in the provider's words; null: nothing any more."),
  data: maybe(Json, "Anything else in the provider's words."),
})
/** `thread.token-usage.updated` */
export const ThreadTokenUsageUpdated = shape("ThreadTokenUsageUpdated", "A count of tokens (rule 10).", {
  mode: field(UsageMode, "What `total` counts from."),
  total: field(TokenCounts, "The running total in that mode."),
  last: maybe(
    TokenCounts,
    "What the last model call used. Counted where the total began again; otherwise for display.",
  ),
  contextWindow: maybe(Schema.Number, "Context window of the model, in tokens."),
})
/** `thread.rewound` */
export const ThreadRewound = shape(
  "ThreadRewound",
  "The newest turns were taken back (rule 13). The first of them is the event's turn: its `turnId` or its native turn id, where the source names one; else the engine finds it when the event is appended.",
  {
    firstTurnId: maybe(Schema.String, "Our id of the first turn that was taken back, where the source knows it."),
    count: maybe(
      Schema.Number.pipe(Schema.int(), Schema.positive()),
      "How many turns were taken back, the newest ones that were not taken back before. Absent: one.",
    ),
    keptNativeTurnId: maybe(
      Schema.String,
      "Native id of the newest turn that was kept, where the source reports what is left; it overrides `count`.",
    ),
  },
)
/** `compaction.installed` */
export const CompactionInstalled = shape(
  "CompactionInstalled",
  "The provider replaced the head of the conversation by a summary.",
  {
    summary: maybe(Schema.String, "The summary, where the provider shows it."),
  },
)
