import { Schema } from "effect"
import { UnattendedRules, UnattendedRuleView } from "../events/RequestEvents.js"
import { PlanStep } from "../events/TurnEvents.js"
import { field, flag, int, json, listed, optInt, optText, optTime, retyped, shape, text } from "../fields.js"
import { Configuration } from "./Configuration.js"
import { sequence } from "./shared.js"
import { truncated } from "./Truncated.js"
import { type RowOf, table } from "./table.js"

/** What a thread is doing, in one word. */
export const ThreadStatus = listed(
  "ThreadStatus",
  "What a thread is doing, in one word: `waiting` for an answer, `stalled` while nothing is heard of its running turn. " +
    "`purged`: its content is gone for good, and it takes nothing any more.",
  "idle",
  "working",
  "waiting",
  "starting",
  "stopped",
  "error",
  "stalled",
  "archived",
  "purged",
)
export type ThreadStatus = typeof ThreadStatus.Type

/** The to-do list of an agent. */
export const Plan = shape("Plan", "The to-do list of an agent, with the state of each step.", {
  explanation: optText("Why it changed last; null: the agent did not say."),
  steps: field(Schema.Array(PlanStep), "Steps in order."),
})
export type Plan = typeof Plan.Type

/** Every field of a thread. */
export const Thread = shape("ThreadRow", "One durable conversation with an agent.", {
  threadId: text("Our id; also the id of the thread's stream."),
  provider: optText("Provider kind, for example `codex`; null: not known."),
  nativeThreadId: optText("The provider's thread id; null: not known yet."),
  title: optText("Display name; null: it has none, then `firstWords` stand for it in a list."),
  firstWords: optText(
    "The first words of its first message that was not taken back, in one line of at most 80 characters; null: none was sent.",
  ),
  firstWordsTurn: optInt("Ordinal of the turn that `firstWords` are of; null: none."),
  preview: optText(
    "What was said last, by a person or the agent, in one line of at most 200 characters. A message of the agent counts once it has ended. Null: nothing was said, or nothing of it is left.",
  ),
  previewTurn: optInt("Ordinal of the turn that `preview` is of; null: none."),
  cwd: optText("Working directory."),
  model: optText("Model last named."),
  agent: optText("Name of the configured agent that works in it; null: Threadfold does not run it."),
  settings: json("Settings of its sessions, in the provider's words; null: none."),
  chosen: field(
    Schema.NullOr(Configuration),
    "What was chosen for its sessions with `session.configure`, in the agent's words: each next one starts with it, and shows it in `config.chosen`; null: nothing was.",
  ),
  parentThreadId: optText("Thread that spawned this one, by evidence only."),
  parentNativeThreadId: optText("The provider's id of the thread that spawned this one."),
  forkedFromThreadId: optText("Thread this one was copied from."),
  forkedFromNativeThreadId: optText("The provider's id of the thread that this one was copied from."),
  source: optText("Source kind of an imported thread, for example `codex-app-server`; null: it was not imported."),
  status: field(ThreadStatus, "What it is doing."),
  sessionId: optText("Current or last session."),
  activeTurnId: optText("The running turn; null: none runs."),
  openRequests: int("Requests that wait for an answer."),
  runningTasks: int("Background tasks that run."),
  afterEndItems: int("Open items of turns that have ended: work that the agent does after its turn's end."),
  queued: int("Messages in the queue."),
  queueHeld: flag("The queue waits for a person's consent: after a crash, a failure or an interrupt."),
  uncertainTurns: int("Turns that wait, and of which it is not known whether the agent got them."),
  failedTurnId: optText("The last turn, where it failed; null: it did not, or a later one was asked for."),
  newsVersion: optInt("Version of the last event that is news to a person: a turn's end or a request; null: none was."),
  readVersion: optInt("Version up to which a person has seen the thread; null: none has."),
  turns: int("Turns seen."),
  items: int("Items seen."),
  goal: json("What the agent works towards, in the provider's words; null: not known."),
  plan: field(Schema.NullOr(Plan), "The agent's to-do list; null: it has none."),
  archivedAt: optTime("When it was archived", "it is not archived"),
  deletedAt: field(
    Schema.NullOr(Schema.Number),
    "When it was deleted, ms since the epoch; null: it is not deleted. A deleted thread takes no command but its restore.",
  ),
  pinnedAt: optTime("When a person pinned it", "it is not pinned"),
  keepAliveUntil: optTime("The reaper leaves the thread alone until then", "it may reap it"),
  unattended: field(
    Schema.NullOr(UnattendedRules),
    "What follows when no person answers a question of its agent: the first rule for the question's kind counts; null: it has no rules of its own.",
  ),
  createdAt: optTime("Source clock of the first event", "not known"),
  updatedAt: optTime("Our clock at the last event", "none was folded in"),
  lastActivityAt: optTime("Our clock at the last event that shows activity", "none did"),
  streamVersion: int("Version of the last event folded in."),
  sequence,
})

/** Its table. */
export const threads = table("threads", "One row per thread.", Thread, {
  key: ["threadId"],
  heavy: ["settings", "goal", "plan", "unattended"],
  derived: ["updatedAt", "lastActivityAt", "sequence"],
})
/** A row of `threads`. */
export type ThreadRow = RowOf<typeof threads>

/** A thread in a list. */
export const ThreadView = shape("Thread", "One durable conversation with an agent.", {
  ...Thread.pick(
    "threadId",
    "title",
    "firstWords",
    "preview",
    "provider",
    "nativeThreadId",
    "parentThreadId",
    "forkedFromThreadId",
    "status",
    "activeTurnId",
    "openRequests",
    "queued",
    "queueHeld",
    "uncertainTurns",
    "failedTurnId",
    "turns",
    "agent",
    "cwd",
    "model",
    "createdAt",
    "updatedAt",
    "lastActivityAt",
    "archivedAt",
    "deletedAt",
    "pinnedAt",
    "streamVersion",
  ).fields,
  unread: flag("True: news came that no person has seen: a turn ended, or an agent asked."),
})
export type ThreadView = typeof ThreadView.Type

/** One thread, by its id. */
export const ThreadDetail = shape(
  "ThreadDetail",
  "One thread, by its id: with what only one thread at a time is read for.",
  {
    ...ThreadView.fields,
    ...Thread.pick("settings", "chosen", "goal", "plan", "keepAliveUntil").fields,
    unattended: retyped(Thread.fields.unattended, Schema.NullOr(Schema.Array(UnattendedRuleView))),
    truncated,
  },
)
export type ThreadDetail = typeof ThreadDetail.Type

/** What git has checked out in a folder. */
export const GitCheckout = shape(
  "GitCheckout",
  "What git has checked out in a folder, read from its files without running git.",
  {
    root: text("The top folder of the checkout, absolute."),
    repository: text("The folder of the repository (`.git`), which all its worktrees share, absolute."),
    branch: optText("The branch; null: a commit is checked out without one."),
    commit: optText(
      "Hash of the commit; null: the branch has none yet, or its hash is not in the files that are looked at.",
    ),
    worktree: optText("Name of the linked worktree; null: it is the repository's own."),
  },
)
export type GitCheckout = typeof GitCheckout.Type

/** The folder of a thread, as it is now. */
export const FolderView = shape("Folder", "The folder of a thread, as it is now.", {
  threadId: text("The thread."),
  cwd: optText("Its working directory; null: it has none."),
  exists: flag("True: there is a folder of that name on the server's machine."),
  sequence: int("Sequence of the log for which `cwd` is true. What is in the folder is of now."),
  git: field(Schema.NullOr(GitCheckout), "What git has checked out there; null: it is in no checkout."),
})
export type FolderView = typeof FolderView.Type
