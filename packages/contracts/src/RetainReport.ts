/** What `retain` prints. */
import { Schema } from "effect"
import { field, flag, int, listed, optInt, optText, optTime, shape, text } from "./fields.js"

/** What became of a thread. */
export const RetainOutcome = listed(
  "RetainOutcome",
  "What became of a thread. `due`: it would be archived; nothing was done. `archived`: it is in the bundle, and a tombstone is in its " +
    "place. `kept`: a reason keeps it. `moved-on`: something happened in it meanwhile, and it is whole. `not-verified`: there is no " +
    "bundle that is known to hold it, and it is whole.",
  "due",
  "archived",
  "kept",
  "moved-on",
  "not-verified",
)
export type RetainOutcome = typeof RetainOutcome.Type

const RetainedThread = shape("RetainedThread", "A thread that `retain` looked at.", {
  threadId: text("Our id of the thread."),
  outcome: field(RetainOutcome, "What became of it."),
  reason: optText("Why it was kept, a word; null: it was not."),
  detail: optText("The same in a sentence, or why it was not archived; null: it was, or would be."),
  lastActivityAt: optTime("When something last happened in it", "not known"),
  file: optText("The bundle that it is in; null: it was not archived."),
  events: optInt("Its events in the bundle; null: it was not archived."),
  sha256: optText("SHA-256 of its lines in the bundle, hex; null: it was not archived."),
  sealedHash: optText("Canonical hash of its rows, which the tombstone has; null: it was not archived."),
})

const KeptFor = shape("KeptFor", "How many threads one reason keeps.", {
  reason: text("The reason, a word."),
  sentence: text("What it means."),
  threads: int("Threads."),
})

/** What `retain` prints. */
export const RetainReport = shape("RetainReport", "What `retain` prints.", {
  ok: flag("True: every thread that was due was archived, or would be."),
  dryRun: flag("True: nothing was written or removed."),
  olderMs: int("Threads were due whose last activity was longer ago than this, ms."),
  looked: int("Threads that were looked at; those that were purged before are not among them."),
  due: int("Threads that were due."),
  archived: int("Threads that were archived."),
  purgedBefore: int("Threads that were purged before."),
  kept: field(Schema.Array(KeptFor), "How many were kept, by reason."),
  threads: field(Schema.Array(RetainedThread), "The threads, by their ids. At most 1,000; those that were due first."),
})
export type RetainReport = typeof RetainReport.Type
