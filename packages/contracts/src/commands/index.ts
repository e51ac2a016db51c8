/**
 * Commands: what somebody wants. The engine decides each against the state of its thread (`decide` in `core`): it is
 * accepted and becomes events and effects, or refused with a problem. Receipts make a retry harmless.
 */
import { Schema } from "effect"
import { CancelMessage, InterruptTurn, ReorderQueue, RespondToRequest, ResumeQueue, SendMessage } from "./Message.js"
import { AttachSession, DetachSession, StartSession, StopSession } from "./Session.js"
import {
  ArchiveThread,
  CreateThread,
  DeleteThread,
  KeepThreadAlive,
  RenameThread,
  RestoreThread,
  UnarchiveThread,
} from "./Thread.js"
import {
  DeclineRequest,
  DrainQueue,
  ExpireRequest,
  ReapSession,
  ReconcileSession,
  SettleAfterEnd,
  SettleTurn,
  StallTurn,
  TimeOutStart,
} from "./Upkeep.js"

export * from "./Message.js"
export * from "./Receipt.js"
export * from "./Session.js"
export {
  ArchiveThread,
  CreateThread,
  DeleteThread,
  KeepThreadAlive,
  RenameThread,
  RestoreThread,
  Settings,
  ThreadTitle,
  UnarchiveThread,
} from "./Thread.js"
export * from "./Upkeep.js"

/** A command of any type. */
export const Command = Schema.Union(
  CreateThread,
  RenameThread,
  ArchiveThread,
  UnarchiveThread,
  DeleteThread,
  RestoreThread,
  KeepThreadAlive,
  SendMessage,
  CancelMessage,
  ReorderQueue,
  ResumeQueue,
  InterruptTurn,
  RespondToRequest,
  StartSession,
  StopSession,
  AttachSession,
  DetachSession,
  DrainQueue,
  SettleAfterEnd,
  SettleTurn,
  StallTurn,
  TimeOutStart,
  ReapSession,
  ReconcileSession,
  ExpireRequest,
  DeclineRequest,
)
export type Command = typeof Command.Type
/** The name of a command type. */
export type CommandType = Command["type"]
/** The command of a type. */
export type CommandOf<T extends CommandType> = Extract<Command, { readonly type: T }>
