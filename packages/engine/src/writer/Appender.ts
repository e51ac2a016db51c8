/// <reference lib="es2024.string" />
/**
 * Appends drafts inside the writer's transaction, one after the other. A draft that the log has already is a duplicate or a
 * conflict. For any other draft: ids are resolved, its row is staged, it is folded, and the changed rows are staged. Streamed
 * deltas, nine of ten events, are taken in runs.
 */
import { type EventEnvelope, maxTypeLength, tombstoneTypes } from "@threadfold/contracts"
import {
  type Change,
  canonicalJson,
  fold as currentFold,
  type DeltaPiece,
  type Digest,
  type Fold,
  type FoldState,
  foldDeltaRun,
  isBeyondChannels,
  isOrdinary,
  isPurged,
  mintId,
  namedOpenItem,
  pieceOf,
  resolve,
} from "@threadfold/core"
import type { Overlay } from "@threadfold/core/model"
import { blankRow, decodeRow, type EventRow, type LogDriver, sameContent } from "@threadfold/event-log"
import { RestoreRefused } from "../Errors.js"
import type { DraftResult, EventDraft, Refusal, RestoredEvent, Submission } from "../Submission.js"
import { type Checked, checked, versionOf } from "./boundary.js"
import { type Cause, type Causes, uncaused } from "./Causes.js"
import type { ChangedRows } from "./ChangedRows.js"
import { continues, namesOurs } from "./deltaRun.js"
import { enrich, isEnriched, withoutEnrichment, withoutOurs } from "./enrich.js"
import { EventIds } from "./eventId.js"
import { PendingEvents, rowOf } from "./PendingEvents.js"
import { Reads } from "./Reads.js"
import type { StreamKeys } from "./StreamKeys.js"
import { messageOf } from "./sqliteError.js"
import { storedMessage, wholeMessage } from "./storedMessage.js"
import { isPurgedConnection, type StreamEntry, type Working } from "./Working.js"

/** The context of the running batch. */
export interface BatchContext {
  /** Our clock, ms since the epoch: one time for the whole batch. */
  readonly recordedAt: number
  /** Pending rows of a stream. */
  readonly overlay: (streamId: string) => Overlay
  /** Called when rows of a stream are refused before they reach SQL; throws unless the batch writes each stream separately. */
  readonly refused: (entry: StreamEntry, error: unknown) => void
}

export class Appender {
  /** Highest sequence, including what the running batch adds. */
  sequence: number
  private readonly eventIds: EventIds
  private readonly pending: PendingEvents
  /** Runs need the fast path, which only the real fold has. */
  private readonly takesRuns: boolean

  constructor(
    private readonly driver: LogDriver,
    private readonly working: Working,
    private readonly keys: StreamKeys,
    private readonly fold: Fold,
    private readonly digest: Digest,
    private readonly causes: Causes,
    private readonly changed: ChangedRows,
  ) {
    this.sequence = driver.head()
    this.eventIds = new EventIds(digest)
    this.pending = new PendingEvents(driver)
    this.takesRuns = fold === currentFold
  }

  /** Appends drafts in order and returns the outcome of each. `cause`: the cause of drafts without a command. */
  append(drafts: readonly EventDraft[], batch: BatchContext, cause: Cause = uncaused): readonly DraftResult[] {
    const results: DraftResult[] = []
    for (let index = 0; index < drafts.length; ) {
      const taken = this.takesRuns ? this.run(drafts, index, batch, results) : 0
      if (taken === 0) {
        const draft = drafts[index]
        if (draft !== undefined) results.push(this.appendOne(draft, batch, cause))
      }
      index += Math.max(taken, 1)
    }
    return results
  }

  /** Why events of another log cannot be appended; null: they can. Looks at all of them before any is stored. */
  refusalOfRestored({ importing, restored = [] }: Submission): Refusal | null {
    const [first] = restored
    if (first === undefined) return null
    let next = first.row.streamVersion
    const { version } = this.working.get(first.row.streamId)
    for (const { row } of restored) {
      const why =
        row.streamId !== importing?.streamId
          ? `event ${row.eventId} is of stream ${row.streamId}`
          : tombstoneTypes.has(row.type)
            ? `event ${row.eventId} says that ${row.streamId} was purged`
            : row.streamVersion !== next++
              ? `version ${row.streamVersion} of stream ${row.streamId} does not follow the one before it`
              : this.elsewhere(row, version)
      if (why !== null) return { ok: false, error: new RestoreRefused({ message: `Nothing was imported: ${why}.` }) }
    }
    return first.row.streamVersion <= version + 1
      ? null
      : {
          ok: false,
          error: new RestoreRefused({
            message: `Stream ${first.row.streamId} has ${version} events; version ${first.row.streamVersion} does not follow.`,
          }),
        }
  }

  /** Where the log has an event of another log already, other than in its place. @param version of its stream in this log */
  private elsewhere(row: RestoredEvent["row"], version: number): string | null {
    const known = this.stored(row.eventId)
    if (known !== null) {
      const inPlace = known.streamId === row.streamId && known.streamVersion === row.streamVersion
      return inPlace ? null : `event ${row.eventId} is in the log, at sequence ${known.sequence}`
    }
    if (row.streamVersion <= version) return `stream ${row.streamId} has another event as version ${row.streamVersion}`
    if (row.channel === null || row.seq === null) return null
    const numbered = this.stored({ source: row.sessionId ?? row.streamId, channel: row.channel, seq: row.seq })
    return numbered === null
      ? null
      : `number ${row.seq} of channel ${row.channel} is taken by event ${numbered.eventId}`
  }

  /** Appends events of another log as they are: nothing is resolved, they are folded as a refold would. */
  restore(restored: readonly RestoredEvent[], batch: BatchContext): readonly DraftResult[] {
    return restored.map(({ body, row }): DraftResult => {
      const { streamId } = row
      const entry = this.working.get(streamId)
      if (row.streamVersion <= entry.version) {
        return { status: "duplicate", streamId, sequence: this.stored(row.eventId)?.sequence ?? null }
      }
      const stored: EventRow = { ...row, sequence: this.sequence + 1 }
      this.pending.add(stored, body)
      this.sequence = stored.sequence
      const reads = new Reads(batch.overlay(streamId))
      this.step(entry, this.folded(entry, decodeRow(stored), reads), row.streamVersion, batch)
      return { status: "appended", streamId, sequence: stored.sequence }
    })
  }

  /** Takes the drafts from `from` on that are one run of deltas of one open item; returns how many, often none. */
  private run(drafts: readonly EventDraft[], from: number, batch: BatchContext, results: DraftResult[]): number {
    const first = drafts[from]
    if (first === undefined || first.event.type !== "content.delta" || namesOurs(first.event)) return 0
    if (first.commandId !== undefined) return 0
    const { channel, native, seq } = first.event
    const { sessionId } = first
    if (channel === null || seq === null || native === undefined || native === null) return 0
    const streamId = this.keys.take(first)
    const entry = this.working.get(streamId)
    const before = entry.state
    const run = { sessionId, channel, recordedAt: batch.recordedAt, seq }
    const item = isOrdinary(before, run) ? namedOpenItem(before, sessionId, native) : null
    if (item === null) return 0
    const source = sessionId ?? streamId
    const v = versionOf("content.delta")
    const alike: EventRow = {
      ...blankRow,
      streamId,
      type: "content.delta",
      v,
      sessionId,
      channel,
      recordedAt: batch.recordedAt,
      actor: first.actor,
      turnId: item.turnId,
      itemId: item.itemId,
      native: JSON.stringify(native),
    }
    const pieces: DeltaPiece[] = []
    for (let index = from; index < drafts.length; index++) {
      const draft = drafts[index]
      if (draft === undefined || (index > from && !continues(first, draft, seq + pieces.length))) break
      const { event } = draft
      const sequence = this.sequence + 1
      const piece = pieceOf(event.v ?? v, event.payload, event.at, sequence)
      if (piece === null) break
      const number = seq + pieces.length
      const stored = storedMessage(event.raw, event.payload)
      this.pending.add(
        {
          ...alike,
          sequence,
          streamVersion: entry.version + pieces.length + 1,
          eventId: this.eventIds.of(source, channel, number, event.at),
          seq: number,
          at: event.at,
          payload: stored.payload,
        },
        stored.body,
      )
      this.sequence = sequence
      pieces.push(piece)
      results.push({ status: "appended", streamId, sequence })
    }
    if (pieces.length === 0) return 0
    this.step(entry, foldDeltaRun(before, run, item, pieces), entry.version + pieces.length, batch)
    return pieces.length
  }

  private appendOne(draft: EventDraft, batch: BatchContext, cause: Cause): DraftResult {
    const streamId = this.keys.take(draft)
    const entry = this.working.get(streamId)
    const { event, sessionId } = draft
    const { channel, seq } = event
    // Whatever its source still sends or sends again: none of it is kept.
    if (isPurged(entry.state) || isPurgedConnection(this.driver, entry)) {
      return { status: "invalid", streamId, sequence: null, problem: "thread-purged" }
    }
    const source = sessionId ?? streamId
    const numbered = channel !== null && seq !== null
    const last = numbered ? this.lastNumber(entry, sessionId, source, channel) : 0
    const eventId =
      event.eventId ??
      (numbered
        ? this.eventIds.of(source, channel, seq, event.at)
        : mintId(this.digest, event.at, `${source}|${event.type}|event`))
    const { native, payload: said, problem, type } = checked(draft)
    const payload = withoutOurs(type, said)
    const v = problem === null ? (event.v ?? versionOf(type)) : versionOf(type)
    const nativeJson = native === undefined || native === null ? null : JSON.stringify(native)
    const known = numbered && seq > last ? null : this.stored(numbered ? { source, channel, seq } : eventId)
    if (known !== null) {
      const content = { type, v, at: event.at, native: nativeJson, payload: JSON.stringify(payload) }
      const same = sameContent(content, { ...known, payload: withoutEnrichment(known.type, known.payload) })
      if (same || !numbered) return { status: "duplicate", streamId, sequence: known.sequence }
      this.keepConflict(draft, entry, source, payload, batch, cause)
      return { status: "conflict", streamId, sequence: null, problem: "seq-conflict" }
    }
    if (numbered && isBeyondChannels(entry.state, { actor: draft.actor, sessionId, channel })) {
      return { status: "invalid", streamId, sequence: null, problem: "channel-limit" }
    }
    const envelope = this.envelope(draft, entry, eventId, { type, v, native, payload }, batch, cause)
    const raw = payload === event.payload ? event.raw : wholeMessage(event)
    const sequence = this.store(entry, envelope, nativeJson, raw, batch)
    if (problem !== null) return { status: "invalid", streamId, sequence, problem }
    return { status: numbered && seq > last + 1 ? "gap" : "appended", streamId, sequence }
  }

  /** Highest number of a channel, from the open state where it is known, else from the log. */
  private lastNumber({ state }: StreamEntry, sessionId: string | null, source: string, channel: string): number {
    const current = sessionId === null ? state.connection !== null : state.session?.sessionId === sessionId
    const marked = current ? state.channels[channel] : undefined
    if (marked !== undefined) return marked
    this.pending.flush()
    return this.driver.lastSeq(source, channel)
  }

  /** An event that the log has, by its place in a source or by its id. */
  private stored(
    wanted: string | { readonly source: string; readonly channel: string; readonly seq: number },
  ): EventRow | null {
    this.pending.flush()
    return typeof wanted === "string"
      ? this.driver.findByEventId(wanted)
      : this.driver.findBySeq(wanted.source, wanted.channel, wanted.seq)
  }

  /** Writes the events that wait for the end of the batch. */
  flush(): void {
    this.pending.flush()
  }

  /** Goes back to a sequence, after a rollback of what was appended since. */
  rewind(sequence: number): void {
    this.sequence = sequence
    this.pending.discard()
  }

  /** Keeps the refused line as an event of its own, once, however often it is sent. */
  private keepConflict(
    draft: EventDraft,
    entry: StreamEntry,
    source: string,
    payload: unknown,
    batch: BatchContext,
    cause: Cause,
  ): void {
    const { at, channel, seq, type } = draft.event
    const { native } = checked(draft)
    const bytes = wholeMessage(draft.event) ?? canonicalJson({ type, at, native, payload })
    const eventId = mintId(this.digest, at, `${source}|${channel}|${seq}|conflict|${bytes}`)
    if (this.stored(eventId) !== null) return
    const unnumbered: EventDraft = { ...draft, event: { ...draft.event, channel: null, seq: null } }
    const kept = "provider.unmapped"
    const why = { method: type.slice(0, maxTypeLength).toWellFormed(), known: true, conflict: { channel, seq } }
    const content = { type: kept, v: versionOf(kept), native, payload: why }
    const envelope = this.envelope(unnumbered, entry, eventId, content, batch, cause)
    this.store(entry, envelope, native === null || native === undefined ? null : JSON.stringify(native), bytes, batch)
  }

  private envelope(
    draft: EventDraft,
    entry: StreamEntry,
    eventId: string,
    { native, payload, type, v }: Pick<Checked, "type" | "native" | "payload"> & { readonly v: number },
    batch: BatchContext,
    cause: Cause,
  ): EventEnvelope {
    const { event } = draft
    return {
      sequence: this.sequence + 1,
      streamId: entry.streamId,
      streamVersion: entry.version + 1,
      eventId,
      type,
      v,
      sessionId: draft.sessionId,
      channel: event.channel,
      seq: event.seq,
      at: event.at,
      recordedAt: batch.recordedAt,
      actor: draft.actor,
      commandId: draft.commandId ?? null,
      ...this.causes.ofDraft(draft, cause),
      turnId: event.turnId ?? null,
      itemId: event.itemId ?? null,
      requestId: event.requestId ?? null,
      inferenceId: event.inferenceId ?? null,
      realtimeId: event.realtimeId ?? null,
      delegationId: event.delegationId ?? null,
      taskId: event.taskId ?? null,
      native: native ?? null,
      payload: isEnriched(type) ? enrich(type, payload, (native) => this.keys.sibling(draft, native)) : payload,
    }
  }

  /** Resolves, stores and folds one event; returns its sequence. */
  private store(
    entry: StreamEntry,
    unresolved: EventEnvelope,
    native: string | null,
    raw: EventDraft["event"]["raw"],
    batch: BatchContext,
  ): number {
    const reads = new Reads(batch.overlay(entry.streamId))
    const envelope: EventEnvelope = Object.assign(unresolved, resolve(entry.state, unresolved, reads, this.digest))
    if (envelope.causationId === null) {
      const cause = this.causes.ofAnswer(envelope, entry.state.thread?.agent ?? null)
      if (cause !== null) Object.assign(envelope, cause)
    }
    this.pending.add(...rowOf(envelope, native, raw))
    this.sequence = envelope.sequence
    this.step(entry, this.folded(entry, envelope, reads), envelope.streamVersion, batch)
    return envelope.sequence
  }

  private step(
    entry: StreamEntry,
    result: { readonly state: FoldState; readonly changes: readonly Change[] },
    version: number,
    batch: BatchContext,
  ): void {
    if (entry.status === "ok") {
      try {
        batch.overlay(entry.streamId).stage(result.changes)
        this.changed.note(entry.streamId, this.sequence, result.changes)
      } catch (error) {
        batch.refused(entry, error)
      }
    }
    entry.state = result.state
    entry.version = version
    entry.dirty = true
  }

  /**
   * The fold is total, so an error here comes from reading rows. The database has failed, and the batch ends; it is no defect of
   * the event. A fold that a test makes throw counts as a defect.
   */
  private folded(entry: StreamEntry, envelope: EventEnvelope, reads: Reads): ReturnType<Fold> {
    try {
      const result = this.fold(entry.state, envelope, reads)
      reads.rethrow()
      return result
    } catch (error) {
      reads.rethrow()
      return {
        state: { ...entry.state, streamVersion: envelope.streamVersion },
        changes: [
          {
            op: "anomaly",
            threadId: entry.streamId,
            subject: `event:${envelope.eventId}`,
            reason: "fold-defect",
            sequence: envelope.sequence,
            detail: messageOf(error),
          },
        ],
      }
    }
  }
}
