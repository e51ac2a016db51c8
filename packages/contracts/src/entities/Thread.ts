import { Schema } from "effect"
import { field, flag, int, json, listed, optInt, optText, optTime, shape, text } from "../fields.js"
import { sequence } from "./shared.js"
import { type RowOf, table } from "./table.js"

/** What a thread is doing, in one word. */
export const ThreadStatus = listed(
  "ThreadStatus",
  "What a thread is doing, in one word: `waiting` for an answer, `stalled` while nothing is heard of its running turn.",
  "idle",
  "working",
  "waiting",
  "starting",
  "stopped",
  "error",
  "stalled",
  "archived",
)
export type ThreadStatus = typeof ThreadStatus.Type

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
  cwd: optText("Working directory."),
  model: optText("Model last named."),
  agent: optText("Name of the configured agent that works in it; null: Threadfold does not run it."),
  settings: json("Settings of its sessions, in the provider's words; null: none."),
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
  turns: int("Turns seen."),
  items: int("Items seen."),
  goal: json("What the agent works towards, in the provider's words; null: not known."),
  plan: json("The agent's to-do list: `{explanation, steps}`; null: it has none."),
  archivedAt: optTime("When it was archived", "it is not archived"),
  deletedAt: field(
    Schema.NullOr(Schema.Number),
    "When it was deleted, ms since the epoch; null: it is not deleted. A deleted thread takes no command but its restore.",
  ),
  keepAliveUntil: optTime("The reaper leaves the thread alone until then", "it may reap it"),
  createdAt: optTime("Source clock of the first event", "not known"),
  updatedAt: optTime("Our clock at the last event", "none was folded in"),
  lastActivityAt: optTime("Our clock at the last event that shows activity", "none did"),
  streamVersion: int("Version of the last event folded in."),
  sequence,
})

/** Its table. */
export const threads = table("threads", "One row per thread.", Thread, {
  key: ["threadId"],
  heavy: ["settings", "goal", "plan"],
  derived: ["updatedAt", "lastActivityAt", "sequence"],
})
/** A row of `threads`. */
export type ThreadRow = RowOf<typeof threads>

/** A thread in a list. */
export const ThreadView = shape(
  "Thread",
  "One durable conversation with an agent.",
  Thread.pick(
    "threadId",
    "title",
    "firstWords",
    "provider",
    "nativeThreadId",
    "parentThreadId",
    "forkedFromThreadId",
    "status",
    "activeTurnId",
    "openRequests",
    "queued",
    "queueHeld",
    "turns",
    "agent",
    "cwd",
    "model",
    "createdAt",
    "updatedAt",
    "lastActivityAt",
    "archivedAt",
    "deletedAt",
    "streamVersion",
  ).fields,
)
export type ThreadView = typeof ThreadView.Type

/** One thread, by its id. */
export const ThreadDetail = shape(
  "ThreadDetail",
  "One thread, by its id: with what only one thread at a time is read for.",
  {
    ...ThreadView.fields,
    ...Thread.pick("settings", "goal", "plan", "keepAliveUntil").fields,
  },
)
export type ThreadDetail = typeof ThreadDetail.Type
