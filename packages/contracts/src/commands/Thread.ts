/** Commands about a thread as a whole. */
import { Schema } from "effect"
import { EpochMs, Json, maybe } from "../events/Common.js"
import { ThreadId } from "../Ids.js"

/** What every command says. */
export const ofThread = {
  /** The thread it is about. */
  threadId: ThreadId,
} as const

/** A display name: 1 to 1000 characters. */
export const ThreadTitle = Schema.String.pipe(Schema.minLength(1), Schema.maxLength(1_000))

/** Settings in the provider's words: its approval policy, its sandbox. What they are, the agent decides. */
export const Settings = Schema.Record({ key: Schema.String, value: Json })

/** Makes a thread that a configured agent works in. Nothing is started. Repeated with the same content: no change. */
export const CreateThread = Schema.Struct({
  type: Schema.Literal("thread.create"),
  ...ofThread,
  /** Name of a configured agent (docs/how-to/agents.md). */
  agent: Schema.String.pipe(Schema.minLength(1), Schema.maxLength(100)),
  /** Provider kind of that agent, for example `codex`. */
  provider: Schema.String.pipe(Schema.minLength(1)),
  /** Display name. */
  title: maybe(ThreadTitle),
  /** Working directory of the agent, absolute. */
  cwd: maybe(Schema.String.pipe(Schema.minLength(1))),
  /** Model, in the provider's words; absent: the agent's. */
  model: maybe(Schema.String.pipe(Schema.minLength(1))),
  /** Settings of its sessions. */
  settings: maybe(Settings),
})

/** Gives the thread another display name. */
export const RenameThread = Schema.Struct({
  type: Schema.Literal("thread.rename"),
  ...ofThread,
  /** The name. */
  title: ThreadTitle,
})

/** Puts the thread out of sight. Its session goes on. */
export const ArchiveThread = Schema.Struct({ type: Schema.Literal("thread.archive"), ...ofThread })

/** Brings it back. */
export const UnarchiveThread = Schema.Struct({ type: Schema.Literal("thread.unarchive"), ...ofThread })

/** Leaves a tombstone; refused while a session of the thread lives. The content goes with a purge. */
export const DeleteThread = Schema.Struct({ type: Schema.Literal("thread.delete"), ...ofThread })

/** Brings a deleted thread back as it was. */
export const RestoreThread = Schema.Struct({ type: Schema.Literal("thread.restore"), ...ofThread })

/** Tells the reaper to leave the thread alone. */
export const KeepThreadAlive = Schema.Struct({
  type: Schema.Literal("thread.keep-alive"),
  ...ofThread,
  /** Until then, ms since the epoch; null lifts it. */
  until: Schema.NullOr(EpochMs),
})
