/** What a thread does, in plain sentences and as data: what `explain` prints and `GET /v1/threads/{threadId}/explain` answers. */
import { Schema } from "effect"
import { ThreadStatus } from "./entities/Thread.js"
import { field, growing, int, listed, optional, optText, optTime, shape, text, time } from "./fields.js"

/** What a sentence is about. */
export const ExplainTopic = listed(
  "ExplainTopic",
  "`now`: what the thread does; `waits`: what it waits for; `next`: what follows by itself, and when; `anomaly`: what was refused in it.",
  "now",
  "waits",
  "next",
  "anomaly",
)
export type ExplainTopic = typeof ExplainTopic.Type

/** One fact about a thread. */
export const ExplainFact = shape("ExplainFact", "One fact about a thread.", {
  topic: field(growing(ExplainTopic), "What it is about."),
  fact: text("Its name: `turn-running`, `request-open`, `queue-held`, `reap-idle` …"),
  sentence: text("The same in words."),
  row: optText("Path of the row that it is about, as `why` takes it; null: none."),
  at: optTime("When it began, or (topic `next`) when it will be, if nothing happens before", "not known, or at once"),
})
export type ExplainFact = typeof ExplainFact.Type

/** What `explain` prints. */
export const ExplainReport = shape("ExplainReport", "What a thread does, waits for, and what follows by itself.", {
  threadId: text("The thread."),
  sequence: int("Sequence of the log that it is true for."),
  now: time("The present that ages are counted from, by our clock"),
  status: field(growing(ThreadStatus), "Its status."),
  policy: text("Where the policy of reaper and watchdog comes from: the server, a file, or the defaults."),
  facts: field(Schema.Array(ExplainFact), "The facts, in the order of the topics."),
  more: optional(Schema.Boolean, "True: there are more facts than are here. Absent: these are all."),
})
export type ExplainReport = typeof ExplainReport.Type
