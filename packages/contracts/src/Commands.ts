/**
 * Commands: what somebody wants. The engine decides each against the state of its thread (`decide` in `core`): it is
 * accepted and becomes events, or refused with a problem. Receipts that make a retry harmless are the engine's.
 */
import { Schema } from "effect"
import { EpochMs, maybe } from "./events/Common.js"
import { SessionId, ThreadId } from "./Ids.js"

const ofThread = {
  /** The thread it is about. */
  threadId: ThreadId,
} as const

/** Gives the thread another display name. */
export const RenameThread = Schema.Struct({
  type: Schema.Literal("thread.rename"),
  ...ofThread,
  /** The name, 1 to 1000 characters. */
  title: Schema.String.pipe(Schema.minLength(1), Schema.maxLength(1_000)),
})

/** Puts the thread out of sight. Its session goes on. */
export const ArchiveThread = Schema.Struct({ type: Schema.Literal("thread.archive"), ...ofThread })

/** Brings it back. */
export const UnarchiveThread = Schema.Struct({ type: Schema.Literal("thread.unarchive"), ...ofThread })

/** Leaves a tombstone; refused while a session of the thread lives. The content goes with a purge. */
export const DeleteThread = Schema.Struct({ type: Schema.Literal("thread.delete"), ...ofThread })

/** Tells the reaper to leave the thread alone. */
export const KeepThreadAlive = Schema.Struct({
  type: Schema.Literal("thread.keep-alive"),
  ...ofThread,
  /** Until then, ms since the epoch; null lifts it. */
  until: Schema.NullOr(EpochMs),
})

/** Opens an attached session, and the thread with it where there is none. Repeated with the same content: no change. */
export const AttachSession = Schema.Struct({
  type: Schema.Literal("session.attach"),
  ...ofThread,
  /** Id that the adapter chose. */
  sessionId: SessionId,
  /** Provider kind. */
  provider: Schema.String.pipe(Schema.minLength(1)),
  /** The provider's id of the thread. */
  nativeThreadId: maybe(Schema.String),
  /** The session ends when nothing comes for so long, ms. */
  leaseMs: Schema.Number.pipe(Schema.int(), Schema.positive()),
  /** Display name of the thread. */
  title: maybe(Schema.String),
  /** Working directory. */
  cwd: maybe(Schema.String),
})

/** Ends an attached session. Repeated: no change. */
export const DetachSession = Schema.Struct({
  type: Schema.Literal("session.detach"),
  ...ofThread,
  /** The session. */
  sessionId: SessionId,
})

/** A command of any type. */
export const Command = Schema.Union(
  RenameThread,
  ArchiveThread,
  UnarchiveThread,
  DeleteThread,
  KeepThreadAlive,
  AttachSession,
  DetachSession,
)
export type Command = typeof Command.Type
/** The name of a command type. */
export type CommandType = Command["type"]
/** The command of a type. */
export type CommandOf<T extends CommandType> = Extract<Command, { readonly type: T }>
