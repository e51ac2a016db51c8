/** What is said about a thread as a whole. */
import { Schema } from "effect"
import { Json, maybe, TokenCounts, UsageMode } from "./Common.js"

/** `thread.started`: the provider's thread exists. The first one of a stream creates the thread. */
export const ThreadStarted = Schema.Struct({
  /** Provider kind. */
  provider: maybe(Schema.String),
  /** Display name. */
  title: maybe(Schema.String),
  /** Working directory. */
  cwd: maybe(Schema.String),
  /** Model name. */
  model: maybe(Schema.String),
  /** Native id of the thread that spawned this one: evidence for a child link. */
  parentNativeThreadId: maybe(Schema.String),
  /** Our id of it, filled in by the engine when it knows that thread. */
  parentThreadId: maybe(Schema.String),
  /** Native id of the thread this one was forked from: evidence for a fork link. */
  forkedFromNativeThreadId: maybe(Schema.String),
  /** Our id of it, filled in by the engine. */
  forkedFromThreadId: maybe(Schema.String),
})
/** `thread.metadata.updated`: fields that are absent keep their value. */
export const ThreadMetadataUpdated = Schema.Struct({
  /** Display name. */
  title: maybe(Schema.String),
  /** Native id of the parent thread, learned later (collaboration receiver, sub-agent activity). */
  parentNativeThreadId: maybe(Schema.String),
  /** Our id of it, filled in by the engine. */
  parentThreadId: maybe(Schema.String),
  /** What the agent works towards, in the provider's words; null: nothing any more. */
  goal: maybe(Json),
  /** Anything else in the provider's words. */
  data: maybe(Json),
})
/** `thread.token-usage.updated`: a count of tokens (rule 10). */
export const ThreadTokenUsageUpdated = Schema.Struct({
  /** What `total` counts from. */
  mode: UsageMode,
  /** The running total in that mode. */
  total: TokenCounts,
  /** What the last model call used. Counted where the total began anew; otherwise for display. */
  last: maybe(TokenCounts),
  /** Context window of the model, in tokens. */
  contextWindow: maybe(Schema.Number),
})
/**
 * `thread.rewound`: the newest turns were taken back (rule 13). The first of them is the event's turn: its `turnId` or its
 * native turn id, where the source names one; else the engine finds it when the event is appended.
 */
export const ThreadRewound = Schema.Struct({
  /** Our id of the first turn that was taken back, where the source knows it. */
  firstTurnId: maybe(Schema.String),
  /** How many turns were taken back, the newest ones that were not taken back before. Absent: one. */
  count: maybe(Schema.Number.pipe(Schema.int(), Schema.positive())),
  /** Native id of the newest turn that was kept, where the source tells what is left; it overrides `count`. */
  keptNativeTurnId: maybe(Schema.String),
})
/** `compaction.installed`: the provider replaced the head of the conversation by a summary. */
export const CompactionInstalled = Schema.Struct({
  /** The summary, where the provider shows it. */
  summary: maybe(Schema.String),
})
