/**
 * The orchestrator as a service: commands in, receipts out. What follows from an accepted command is in the database when
 * its receipt is returned, and is done from there (docs/architecture.md).
 */
import type { Command, EffectRow, Receipt, StorageUnavailable } from "@threadfold/contracts"
import { canonicalJson, commandNews } from "@threadfold/core"
import { type BlobDraft, Engine, EngineFailed, sha256, WorkReads } from "@threadfold/engine"
import { Clock, Context, Effect, Layer } from "effect"
import { Agents } from "./Agents.js"
import { CommandUnknown, type DispatchError } from "./Errors.js"
import { beginningOf } from "./forks.js"
import { Ids } from "./Ids.js"
import { Outbox } from "./outbox/Outbox.js"
import { Wakeups } from "./Wakeups.js"

/** A command as its sender dispatches it. */
export interface CommandRequest {
  readonly command: Command
  /**
   * What a retry is known by, 1 to 200 characters. Absent: the command is new. A retry with the same key gets the first
   * answer, whatever has happened since; the same key with other content is refused with `CommandConflict`.
   */
  readonly idempotencyKey?: string
  /**
   * The content that a retry must repeat, where the command holds ids that were made for it. Absent: the command itself.
   */
  readonly content?: unknown
  /** Blobs that the command refers to and that are stored with it. */
  readonly blobs?: readonly BlobDraft[]
  /** Version of the resource that the sender read (`If-Match`): the sequence of its row's last change. */
  readonly ifSequence?: number
}

export interface OrchestratorService {
  /**
   * Decides a command and returns when its events and effects are durable. Fails with `CommandRefused`
   * where the thread does not take it, as it is now.
   */
  readonly dispatch: (request: CommandRequest) => Effect.Effect<Receipt, DispatchError>
  /**
   * What became of the effects of a command, in the order in which they were made. Kept for 7 days after their end.
   */
  readonly effectsOf: (commandId: string) => Effect.Effect<readonly EffectRow[], CommandUnknown | StorageUnavailable>
  /** Whether a command was answered under this idempotency key: then the same call gets that answer again. */
  readonly isRemembered: (idempotencyKey: string) => Effect.Effect<boolean, StorageUnavailable>
}

/** SHA-256 of the content of a command, hex. */
const digestOf = (content: unknown): string => Buffer.from(sha256(canonicalJson(content))).toString("hex")

const make = Effect.gen(function* () {
  const agents = yield* Agents
  const engine = yield* Engine
  const ids = yield* Ids
  const outbox = yield* Outbox
  const reads = yield* WorkReads
  const wakeups = yield* Wakeups

  const dispatch: OrchestratorService["dispatch"] = ({ blobs = [], command, content, idempotencyKey, ifSequence }) =>
    Effect.gen(function* () {
      if (command.type === "thread.create") yield* agents.get(command.agent)
      const at = yield* Clock.currentTimeMillis
      const commandId = ids.next(at)
      const { receipt } = yield* engine.submit({
        drafts: [],
        ...(blobs.length === 0 ? {} : { blobs }),
        ...(command.type === "thread.fork" ? { importing: beginningOf(command, commandId) } : {}),
        command: {
          commandId,
          to: { streamId: command.threadId },
          command,
          at,
          ...(ifSequence === undefined ? {} : { ifSequence }),
          receipt: { key: idempotencyKey ?? commandId, content: digestOf(content ?? command) },
        },
      })
      if (receipt === null) return yield* new EngineFailed({ message: "The command left no receipt." })
      const { callsOffStart, wakes } = commandNews[command.type]
      if (callsOffStart) yield* outbox.callOffStart(receipt.threadId)
      if (wakes) yield* wakeups.wake(receipt.threadId)
      return receipt
    })

  return Orchestrator.of({
    dispatch,
    effectsOf: (commandId) =>
      Effect.gen(function* () {
        const effects = yield* reads.effectsOf(commandId)
        if (effects.length > 0 || (yield* reads.isAccepted(commandId))) return effects
        return yield* new CommandUnknown({ commandId })
      }),
    isRemembered: reads.hasReceipt,
  })
})

export class Orchestrator extends Context.Tag("@threadfold/orchestrator/Orchestrator")<
  Orchestrator,
  OrchestratorService
>() {
  static readonly layer: Layer.Layer<Orchestrator, never, Agents | Engine | Outbox | Wakeups | WorkReads> =
    Layer.effect(Orchestrator, make)
}
