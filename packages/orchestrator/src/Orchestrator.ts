/**
 * The orchestrator as a service: commands in, receipts out. What follows from an accepted command is in the database when
 * its receipt is given, and is done from there (docs/architecture.md).
 */
import type { Command, EffectRow, Receipt, StorageUnavailable } from "@threadfold/contracts"
import { Context, type Effect } from "effect"
import type { CommandUnknown, DispatchError } from "./Errors.js"

/** A command as its sender gives it. */
export interface Order {
  readonly command: Command
  /**
   * What a retry is known by, 1 to 200 characters. Absent: the command is new. A retry with the same key gets the first
   * answer, whatever has happened since; the same key with other content is refused with `CommandConflict`.
   */
  readonly idempotencyKey?: string
  /**
   * What the sender said, where the command holds ids that were made for it: the content that a retry must repeat.
   * Absent: the command itself.
   */
  readonly said?: unknown
  /** Version of the resource that the sender read (`If-Match`): the sequence of its row's last change. */
  readonly ifSequence?: number
}

export interface OrchestratorService {
  /**
   * Decides a command and returns when its events and effects are durable. Fails with `CommandRefused`
   * where the thread does not take it, as it is now.
   */
  readonly give: (order: Order) => Effect.Effect<Receipt, DispatchError>
  /**
   * What became of the effects of a command, in the order in which they were made. Kept for 7 days after their end.
   */
  readonly effectsOf: (commandId: string) => Effect.Effect<readonly EffectRow[], CommandUnknown | StorageUnavailable>
  /** Whether a command was answered under this idempotency key: then the same call gets that answer again. */
  readonly isRemembered: (idempotencyKey: string) => Effect.Effect<boolean, StorageUnavailable>
  /** Whether this server runs the session's process: `alive`, or `gone` for one that it does not run. */
  readonly liveness: (sessionId: string) => "alive" | "gone"
}

export class Orchestrator extends Context.Tag("@threadfold/orchestrator/Orchestrator")<
  Orchestrator,
  OrchestratorService
>() {}
