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
  /** Anything else in the provider's words. */
  data: maybe(Json),
})
/** `thread.token-usage.updated`: a count of tokens (rule 10). */
export const ThreadTokenUsageUpdated = Schema.Struct({
  /** What `total` counts from. */
  mode: UsageMode,
  /** The running total in that mode. */
  total: TokenCounts,
  /** The provider's last increment; for display, never added up. */
  last: maybe(TokenCounts),
  /** Context window of the model, in tokens. */
  contextWindow: maybe(Schema.Number),
})
/** `compaction.installed`: the provider replaced the head of the conversation by a summary. */
export const CompactionInstalled = Schema.Struct({
  /** The summary, where the provider shows it. */
  summary: maybe(Schema.String),
})
