/**
 * The errors of the engine. Each message is a whole sentence about what happened. They are schemas because the writer's thread
 * sends them to the main thread.
 */
import type { SqlError } from "@effect/sql/SqlError"
import { StorageUnavailable } from "@threadfold/contracts"
import { refusalReasons } from "@threadfold/core"
import { StorageFailed, StorageFull, StorageLost, StorageReadOnly } from "@threadfold/event-log"
import { Schema, Struct } from "effect"

const sentence = { message: Schema.String } as const

/** What a read of the working tables fails with. @param what what they hold */
export const cannotRead =
  (what: string) =>
  (error: SqlError): StorageUnavailable =>
    new StorageUnavailable({ failed: `The ${what} cannot be read`, reason: String(error.cause ?? error) })

/** The domain refuses the command in the present state of its thread. */
export class CommandRefused extends Schema.TaggedError<CommandRefused>()("CommandRefused", {
  reason: Schema.Literal(...Struct.keys(refusalReasons)),
  message: Schema.String,
}) {}

/** The idempotency key belongs to a command of other content. */
export class CommandConflict extends Schema.TaggedError<CommandConflict>()("CommandConflict", { key: Schema.String }) {
  override get message(): string {
    return `The key ${this.key} was used for another command.`
  }
}

/** An effect, or the turn that it starts, is not in the state that the sender expects: another step came first. */
export class EffectConflict extends Schema.TaggedError<EffectConflict>()("EffectConflict", sentence) {}

/** A recording would open its session beside a live one. */
export class LiveSessionPresent extends Schema.TaggedError<LiveSessionPresent>()("LiveSessionPresent", {
  threadId: Schema.String,
  sessionId: Schema.String,
  mode: Schema.String,
}) {
  override get message(): string {
    return `Thread ${this.threadId} has the ${this.mode} session ${this.sessionId}.`
  }
}

/** Events of another log do not go on from what the stream has, or are in the log elsewhere. */
export class RestoreRefused extends Schema.TaggedError<RestoreRefused>()("RestoreRefused", sentence) {}

/** The stream is being imported, or its import was stopped before it was whole. */
export class ThreadIncomplete extends Schema.TaggedError<ThreadIncomplete>()("ThreadIncomplete", {
  threadId: Schema.String,
  /** True: it is a fork that is still being copied. */
  isFork: Schema.Boolean,
}) {
  override get message(): string {
    if (this.isFork) {
      return `Thread ${this.threadId} is a fork that is still being copied: it takes nothing until its event thread.forked.`
    }
    return `Thread ${this.threadId} is being imported, or its import was stopped: it takes nothing until the import is done.`
  }
}

/** The step of a subscription is not taken. */
export class SubscriptionRefused extends Schema.TaggedError<SubscriptionRefused>()("SubscriptionRefused", {
  reason: Schema.Literal("not-found", "full", "beyond-end"),
  message: Schema.String,
}) {}

/** The files were lost during this write or just before it: it is unknown whether it is kept. */
export class StorageUncertain extends Schema.TaggedError<StorageUncertain>()("StorageUncertain", sentence) {}

/** A defect of the writer; nothing of the call was stored. */
export class EngineFailed extends Schema.TaggedError<EngineFailed>()("EngineFailed", sentence) {}

/** The writer's thread has ended. */
export class EngineStopped extends Schema.TaggedError<EngineStopped>()("EngineStopped", sentence) {}

/** More is queued than the writer takes at a time. */
export class QueueFull extends Schema.TaggedError<QueueFull>()("QueueFull", {}) {
  override get message(): string {
    return "The writer's queue is full."
  }
}

/** How a submission fails. Nothing of it is committed, except perhaps after `StorageUncertain`. */
export const SubmitError = Schema.Union(
  CommandRefused,
  CommandConflict,
  EffectConflict,
  LiveSessionPresent,
  RestoreRefused,
  ThreadIncomplete,
  SubscriptionRefused,
  StorageFailed,
  StorageFull,
  StorageReadOnly,
  StorageLost,
  StorageUncertain,
  EngineFailed,
  EngineStopped,
)
export type SubmitError = typeof SubmitError.Type
