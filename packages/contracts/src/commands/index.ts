/**
 * Commands: what a person or a program asks for. The engine decides each against the state of its thread (`decide` in `core`): it is
 * accepted and becomes events and effects, or refused with a problem. Receipts make a retry harmless.
 */
import { Schema } from "effect"
import {
  CancelMessage,
  EditMessage,
  InterruptTurn,
  PromoteMessage,
  ReorderQueue,
  RespondToRequest,
  ResumeQueue,
  SendMessage,
  StopTask,
} from "./MessageCommands.js"
import { RouteDelegation, StartRealtime, StopRealtime } from "./RealtimeCommands.js"
import { AttachSession, ConfigureSession, DetachSession, StartSession, StopSession } from "./SessionCommands.js"
import {
  ArchiveThread,
  CompactThread,
  CreateThread,
  DeleteThread,
  ForkThread,
  KeepThreadAlive,
  PinThread,
  ReadThread,
  RenameThread,
  RestoreThread,
  RewindThread,
  SetUnattended,
  StartReview,
  UnarchiveThread,
  UnpinThread,
} from "./ThreadCommands.js"
import {
  DeclineRequest,
  DrainQueue,
  ExpireRequest,
  FollowRule,
  PurgeThread,
  ReapSession,
  ReconcileSession,
  SettleAfterEnd,
  SettleTurn,
  StallTurn,
  TimeOutStart,
} from "./UpkeepCommands.js"

export {
  InterruptTurn,
  MessageMode,
  PromoteMessage,
  ReorderQueue,
  RespondToRequest,
  SendMessage,
  StopTask,
} from "./MessageCommands.js"
export {
  maxHandoffText,
  maxVoiceAudio,
  maxVoiceText,
  VoiceModality,
  VoiceTransportAsked,
  VoiceTransportName,
  voiceSettings,
} from "./RealtimeCommands.js"
export { AttachSession, ConfigureSession, StartSession, StopSession } from "./SessionCommands.js"
export {
  CreateThread,
  ForkThread,
  KeepThreadAlive,
  ReadThread,
  RenameThread,
  RewindThread,
  SetUnattended,
  StartReview,
} from "./ThreadCommands.js"

/** A command of any type. */
export const Command = Schema.Union(
  CreateThread,
  RenameThread,
  ArchiveThread,
  UnarchiveThread,
  DeleteThread,
  RestoreThread,
  ForkThread,
  RewindThread,
  CompactThread,
  StartReview,
  KeepThreadAlive,
  SetUnattended,
  ReadThread,
  PinThread,
  UnpinThread,
  SendMessage,
  EditMessage,
  PromoteMessage,
  CancelMessage,
  ReorderQueue,
  ResumeQueue,
  InterruptTurn,
  RespondToRequest,
  StopTask,
  StartSession,
  StopSession,
  ConfigureSession,
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
  FollowRule,
  PurgeThread,
  StartRealtime,
  StopRealtime,
  RouteDelegation,
)
export type Command = typeof Command.Type
/** The name of a command type. */
export type CommandType = Command["type"]
/** The command of a type. */
export type CommandOf<T extends CommandType> = Extract<Command, { readonly type: T }>
