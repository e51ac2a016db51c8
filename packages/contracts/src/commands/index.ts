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
  ForkThread,
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

export { InterruptTurn, MessageMode, ReorderQueue, RespondToRequest, SendMessage } from "./MessageCommands.js"
export { AttachSession, StartSession, StopSession } from "./SessionCommands.js"
export { CreateThread, ForkThread, KeepThreadAlive, RenameThread } from "./ThreadCommands.js"

/** A command of any type. */
export const Command = Schema.Union(
  CreateThread,
  RenameThread,
  ArchiveThread,
  UnarchiveThread,
  DeleteThread,
  RestoreThread,
  ForkThread,
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
