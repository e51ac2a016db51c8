/**
 * Commands: what a person or a program asks for. The engine decides each against the state of its thread (`decide` in `core`): it is
 * accepted and becomes events and effects, or refused with a problem. Receipts make a retry harmless.
 */
import { Schema } from "effect"
import {
  CancelMessage,
  InterruptTurn,
  ReorderQueue,
  RespondToRequest,
  ResumeQueue,
  SendMessage,
} from "./MessageCommands.js"
import { AttachSession, DetachSession, StartSession, StopSession } from "./SessionCommands.js"
import {
  ArchiveThread,
  CreateThread,
  DeleteThread,
  KeepThreadAlive,
  RenameThread,
  RestoreThread,
  UnarchiveThread,
} from "./ThreadCommands.js"
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
} from "./UpkeepCommands.js"

export * from "./MessageCommands.js"
export * from "./SessionCommands.js"
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
} from "./ThreadCommands.js"
export * from "./UpkeepCommands.js"

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
