/**
 * The one writer. A batch is one transaction: resolve ids, append events, fold them, write the changed rows and the open states,
 * commit. Plain synchronous code: no Effect, no schema, no promise per event.
 */
import { type Command, ThreadId } from "@threadfold/contracts"
import {
  type Change,
  connectionTombstone,
  type Digest,
  decideIf,
  type Fold,
  isConnectionOver,
  isTurnDeliverable,
  mintId,
  refusalOfPurged,
  type Situation,
  sessionBesideImport,
} from "@threadfold/core"
import { type FoldStateRow, Overlay } from "@threadfold/core/model"
import { type LogDriver, StorageLost } from "@threadfold/event-log"
import type { ProjectionStore } from "@threadfold/projections"
import { Schema } from "effect"
import { EffectConflict, LiveSessionPresent, StorageUncertain } from "../Errors.js"
import { purgeBegun } from "../purge/PurgeState.js"
import type { CommandSubmission, EventDraft, Outcome, Refusal, Submission } from "../Submission.js"
import type { BlobDraft, WorkStore } from "../work/index.js"
import { Appender } from "./Appender.js"
import { referToBlobs } from "./blobReferences.js"
import { Causes } from "./Causes.js"
import { ChangedRows } from "./ChangedRows.js"
import { Commands, type Decided, refusalFor } from "./Commands.js"
import { StreamImports } from "./StreamImports.js"
import { StreamKeys } from "./StreamKeys.js"
import { refusalOfStep, takeStep } from "./Subscriptions.js"
import { isRefusedRow, isStorageFailure, messageOf, submitErrorOf } from "./sqliteError.js"
import { type StreamEntry, Working } from "./Working.js"

const decodeThreadId = Schema.decodeUnknownSync(ThreadId)

export interface WriterOptions {
  readonly driver: LogDriver
  readonly store: ProjectionStore
  readonly work: WorkStore
  readonly fold: Fold
  readonly digest: Digest
  /** Our clock, ms since the epoch; read once per batch. */
  readonly clock: () => number
  /** Folds a stream again, inside the running transaction, and returns its new state. */
  readonly refold: (streamId: string) => FoldStateRow | null
}

/** The writer. `process` commits one batch and never throws. */
export class Writer {
  private readonly working: Working
  private readonly keys: StreamKeys
  private readonly appender: Appender
  private readonly shared: Overlay
  private readonly commands: Commands
  private readonly causes: Causes
  private readonly imports: StreamImports
  /** Which rows its batches change. */
  readonly changed = new ChangedRows()
  /** Whether a batch was already answered with the loss of the files. */
  private toldOfLoss = false

  constructor(private readonly options: WriterOptions) {
    const { driver, store } = options
    this.working = new Working(store, driver.streamVersion, (streamId) => {
      this.changed.refolded(streamId, this.head)
      return options.refold(streamId)
    })
    this.keys = new StreamKeys(driver)
    this.causes = new Causes(options.work)
    this.imports = new StreamImports(driver)
    this.appender = new Appender(
      driver,
      this.working,
      this.keys,
      options.fold,
      options.digest,
      this.causes,
      this.changed,
    )
    this.shared = new Overlay(store)
    this.commands = new Commands(options.work)
  }

  /** Highest committed sequence. */
  get head(): number {
    return this.appender.sequence
  }

  /** Notes that the rows of these streams were made again, and that this is committed. */
  refolded(streamIds: readonly string[]): void {
    for (const streamId of streamIds) {
      this.working.forget(streamId)
      this.changed.refolded(streamId, this.head)
    }
    this.changed.commit()
  }

  /**
   * Writes a batch and returns the outcome of each submission, in order. When this returns, what it reports is durable. Never
   * throws: where the database refuses, every submission gets the reason. A thread whose rows are refused is frozen; the other
   * threads of the batch are not affected.
   */
  process(batch: readonly Submission[]): readonly Outcome[] {
    try {
      return this.attempt(batch, false)
    } catch (error) {
      if (error instanceof StorageLost) return batch.map(() => this.lost(error))
      if (isStorageFailure(error)) return batch.map(() => failed(error))
      return this.isolate(batch)
    }
  }

  /**
   * The first batch after a loss of the files is uncertain, whether it was begun or not: what was acknowledged just before may be
   * lost, too. Every later batch is refused with certainty.
   */
  private lost(error: StorageLost): Refusal {
    const { committed, found } = error
    const isFirst = !this.toldOfLoss
    this.toldOfLoss = true
    if (!committed && !isFirst) return { ok: false, error }
    const message = committed
      ? `${found}. This call was committed, but to files that may be gone.`
      : `${found}. This call was not written; what was committed just before it may be gone.`
    return { ok: false, error: new StorageUncertain({ message }) }
  }

  /** SQL refused a row: writes the same batch again, with the rows of each stream under their own savepoint. */
  private isolate(batch: readonly Submission[]): readonly Outcome[] {
    try {
      return this.attempt(batch, true)
    } catch {
      // The events themselves were refused. Writes one submission at a time, so that only the bad one fails.
      return batch.map((submission) => {
        try {
          return this.attempt([submission], true)[0] ?? failed(new Error("no outcome"))
        } catch (error) {
          return failed(error)
        }
      })
    }
  }

  private attempt(batch: readonly Submission[], isolated: boolean): readonly Outcome[] {
    const { driver, store } = this.options
    const before = this.appender.sequence
    const perStream = new Map<string, Overlay>()
    const overlay = isolated ? (streamId: string) => overlayOf(perStream, streamId, store) : () => this.shared
    try {
      const outcomes = driver.transaction(() => {
        const refused = (entry: StreamEntry, error: unknown): void => {
          if (!isolated || !isRefusedRow(error)) throw error
          this.freeze(entry, messageOf(error))
        }
        const context = { recordedAt: this.options.clock(), overlay, refused }
        const done = batch.map((submission): Outcome => {
          const { command, drafts } = submission
          const refusal = this.refusal(submission)
          if (refusal !== null) return refusal
          const remembered = command === undefined ? null : this.commands.remembered(command, this.appender.sequence)
          if (remembered !== null) return remembered
          const decided = command === undefined ? null : this.decided(command, overlay, submission.blobs ?? [])
          if (decided !== null && "refused" in decided) return decided.refused
          if (command?.command.type === "thread.purge" && decided !== null) {
            const eventId = decided.drafts[0]?.event.eventId ?? ""
            this.beginPurge(decided.streamId, { eventId, sealedHash: command.command.sealedHash }, context.recordedAt)
          }
          const tombstones = this.tombstones(submission, context.recordedAt)
          const { blobs = [], importing, restored = [], subscription } = submission
          takeStep(this.options.work.subscriptions, subscription, this.appender.sequence, context.recordedAt)
          for (const blob of blobs) this.options.work.blobs.put(blob, context.recordedAt)
          const all = [...(decided?.drafts ?? []), ...tombstones, ...drafts]
          const results = [
            ...this.appender.restore(restored, context),
            ...this.appender.append(all, context, this.causes.ofSubmission(submission)),
          ]
          referToBlobs(this.options.work.blobs, restored, all, results)
          if (importing !== undefined) this.imports.take(importing)
          for (const [key, value] of Object.entries(submission.meta ?? {})) driver.setMeta(key, value)
          this.commands.step(submission.effects ?? [])
          const head = this.appender.sequence
          if (command === undefined || decided === null) return { ok: true, head, results, receipt: null, effects: [] }
          const last = results[decided.drafts.length - 1]?.sequence ?? head
          return { ok: true, head, results, ...this.commands.accept(command, decided, last, context.recordedAt) }
        })
        this.appender.flush()
        if (isolated) for (const [streamId, pending] of perStream) this.applyAlone(streamId, pending)
        else store.apply(this.shared.net())
        this.working.save()
        return done
      })
      this.working.commit()
      this.changed.commit()
      return outcomes
    } catch (error) {
      this.appender.rewind(before)
      this.working.discard()
      this.changed.discard()
      this.keys.forget()
      this.imports.forget()
      throw error
    } finally {
      this.shared.clear()
    }
  }

  /** Writes the rows of one stream; refused rows freeze the stream, and only that. */
  private applyAlone(streamId: string, pending: Overlay): void {
    const { store } = this.options
    if (this.working.get(streamId).status === "frozen") return
    try {
      store.atomically(() => store.apply(pending.net()))
    } catch (error) {
      if (!isRefusedRow(error)) throw error
      this.freeze(this.working.get(streamId), messageOf(error))
    }
  }

  private freeze(entry: StreamEntry, detail: string): void {
    entry.status = "frozen"
    const noted: readonly Change[] = [
      {
        op: "anomaly",
        threadId: entry.streamId,
        subject: `stream:${entry.streamId}`,
        reason: "projection-frozen",
        sequence: this.appender.sequence,
        detail,
      },
    ]
    this.options.store.apply(noted)
    this.changed.note(entry.streamId, this.appender.sequence, noted)
  }

  /** Notes the purge that the tombstone ends. A frozen thread begins anew with it: nothing is left that SQL has refused. */
  private beginPurge(
    streamId: string,
    { eventId, sealedHash }: { readonly eventId: string; readonly sealedHash: string },
    purgedAt: number,
  ): void {
    const entry = this.working.get(streamId)
    this.appender.flush()
    this.options.driver.beginPurge({
      streamId,
      firstVersion: 1,
      lastVersion: entry.version,
      sealedHash,
      eventId,
      purgedAt,
      progress: purgeBegun,
    })
    entry.status = "ok"
    // Who keeps a copy of the rows begins again: all but one of them are gone.
    this.changed.refolded(streamId, this.appender.sequence + 1)
  }

  /** The tombstone of the connection that is to be purged, whose purge begins with it. */
  private tombstones({ purging }: Submission, at: number): readonly EventDraft[] {
    if (purging === undefined) return []
    const { sealedHash, streamId, streamVersion } = purging
    const { connection } = this.working.get(streamId).state
    if (connection === null) return []
    const type = "connection.purged"
    const eventId = mintId(this.options.digest, at, `${streamId}|${streamVersion}|${type}`)
    this.beginPurge(streamId, { eventId, sealedHash }, at)
    const payload = connectionTombstone(connection, sealedHash)
    const event = { type, payload, native: null, channel: null, seq: null, at, eventId }
    return [{ to: { streamId }, sessionId: null, actor: "orchestrator", event }]
  }

  /** Decides a command in the state after everything before it in the batch; returns what follows, or the refusal. */
  private decided(
    submission: CommandSubmission,
    overlay: (streamId: string) => Overlay,
    coming: readonly BlobDraft[],
  ): Decided | { readonly refused: Refusal } {
    const { at, command, commandId, ifSequence = null, to } = submission
    const streamId = this.keys.peek(to)
    // The command goes to the stream of its key; the thread id of the sender is only a proposal.
    const named: Command = { ...command, threadId: decodeThreadId(streamId) }
    const mint = (purpose: string): string => mintId(this.options.digest, at, `${commandId}|${purpose}`)
    const { state } = this.working.get(streamId)
    const { attempting, blobs, openEffect, steer, stoppingTask } = this.options.work
    const rows = overlay(streamId)
    const situation: Situation = {
      state,
      rows,
      attempting,
      steer,
      openEffect: () => openEffect(streamId),
      stoppingTask: (taskId) => stoppingTask(streamId, taskId),
      hasBlob: (hash) => coming.some((blob) => blob.hash === hash) || blobs.find(hash) !== null,
      pendingFork: () => this.imports.forkOf(streamId),
      mint,
    }
    const decision = decideIf(situation, named, ifSequence)
    if ("refused" in decision)
      return {
        refused: this.commands.refuse(submission, decision.refused, { at: this.options.clock(), streamId }),
      }
    const drafts = decision.accepted.events.map(
      ({ ids, native, payload, sessionId, type }, index): EventDraft => ({
        to,
        sessionId,
        actor: submission.actor ?? "client",
        commandId,
        carriesOn: decision.accepted.carriesOn,
        event: { ...ids, type, payload, native, channel: null, seq: null, at, eventId: mint(`${index}|${type}`) },
      }),
    )
    return { accepted: decision.accepted, drafts, streamId, mint }
  }

  /** Checks the conditions of the whole submission before anything of it is stored. */
  private refusal(submission: Submission): Refusal | null {
    return (
      refusalOfStep(this.options.work.subscriptions, submission.subscription, this.appender.sequence) ??
      this.commands.unexpected(submission.effects ?? [], (threadId) => this.working.get(threadId).state) ??
      this.notRequested(submission) ??
      this.imports.refusal(submission, (to) => this.keys.peek(to)) ??
      this.intoPurged(submission) ??
      this.notSealed(submission) ??
      this.appender.refusalOfRestored(submission) ??
      (submission.refuseLive === true ? this.besideLive(submission) : null)
    )
  }

  /** A turn that is about to be delivered may have been cancelled since the sender's look. */
  private notRequested({ ifRequested }: Submission): Refusal | null {
    if (ifRequested === undefined) return null
    const { threadId, turnId } = ifRequested
    return isTurnDeliverable(this.working.get(threadId).state, turnId)
      ? null
      : {
          ok: false,
          error: new EffectConflict({ message: `Turn ${turnId} of thread ${threadId} no longer waits to start.` }),
        }
  }

  /** A recording of a purged thread would bring its content back. */
  private intoPurged({ drafts, importing, refuseLive, repeated = [] }: Submission): Refusal | null {
    const streams = new Set(repeated)
    if (refuseLive === true || importing !== undefined) for (const { to } of drafts) streams.add(this.keys.peek(to))
    if (importing !== undefined) streams.add(importing.streamId)
    for (const streamId of streams) {
      const refused = refusalOfPurged(this.working.get(streamId).state, streamId)
      if (refused !== null) return refusalFor(refused)
    }
    return null
  }

  /** A connection that is open, that went on since its hash was taken, or that was purged. */
  private notSealed({ purging }: Submission): Refusal | null {
    if (purging === undefined) return null
    const { streamId, streamVersion } = purging
    const { state, version } = this.working.get(streamId)
    const { connection } = state
    const isOver = connection !== null && isConnectionOver(connection) && this.options.driver.purgeOf(streamId) === null
    if (isOver && version === streamVersion) return null
    const detail = `Connection ${streamId} is open, has gone on, or was purged.`
    return refusalFor({ reason: "precondition-failed", detail })
  }

  /** Importing beside a live session is refused (docs/concepts.md). */
  private besideLive(submission: Submission): Refusal | null {
    for (const draft of submission.drafts) {
      if (draft.event.type !== "session.started") continue
      const streamId = this.keys.peek(draft.to)
      const session = sessionBesideImport(this.working.get(streamId).state, draft.sessionId)
      if (session === null) continue
      const { mode, sessionId } = session
      return { ok: false, error: new LiveSessionPresent({ threadId: streamId, sessionId, mode }) }
    }
    return null
  }
}

const overlayOf = (known: Map<string, Overlay>, streamId: string, store: ProjectionStore): Overlay => {
  const found = known.get(streamId)
  if (found !== undefined) return found
  const fresh = new Overlay(store)
  known.set(streamId, fresh)
  return fresh
}

const failed = (error: unknown): Outcome => ({
  ok: false,
  error: submitErrorOf(error),
})
