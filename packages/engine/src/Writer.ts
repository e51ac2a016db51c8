/**
 * The one writer. A batch is one transaction: resolve ids, append events, fold them, write the rows they lead to and
 * the open states, commit. Plain synchronous code: no Effect, no schema, no promise per event.
 */
import { type EventEnvelope, eventVersions, isEventType, isProviderEventType, Problem } from "@threadfold/contracts"
import { type Change, type Digest, type Fold, isPayload, mintId, type RowSource, resolve } from "@threadfold/core"
import { canonicalJson, type EventRow, type LogDriver, sameContent } from "@threadfold/event-log"
import { type FoldStateRow, Overlay, type ProjectionStore } from "@threadfold/projections"
import { enrich, isEnriched, withoutEnrichment } from "./enrich.js"
import { EventIds } from "./eventId.js"
import type { Member, MemberResult, Outcome, Submission } from "./Submission.js"
import { isRefusedRow, isStorageFailure, messageOf } from "./sqliteError.js"
import { type StreamEntry, Working } from "./Working.js"

export interface WriterOptions {
  readonly driver: LogDriver
  readonly store: ProjectionStore
  readonly fold: Fold
  readonly digest: Digest
  /** Our clock, ms since the epoch; read once per batch. */
  readonly clock: () => number
  /** Folds a stream again, inside the running transaction, and returns its new state. */
  readonly refold: (streamId: string) => FoldStateRow | null
}

/** A submission that is refused whole, before any effect. */
class Refusal extends Error {
  constructor(
    readonly slug: Extract<Outcome, { ok: false }>["slug"],
    readonly detail: string,
  ) {
    super(detail)
  }
}

/** Key of a keyed stream among the log's small values. */
export const streamKey = (key: string): string => `stream:${key}`

export class Writer {
  private readonly working: Working
  private readonly keyed = new Map<string, string>()
  private sequence: number
  private overlays: (streamId: string) => Overlay
  private readonly shared: Overlay
  private readonly eventIds: EventIds

  constructor(private readonly options: WriterOptions) {
    const { driver, store } = options
    this.working = new Working(store, driver.streamVersion, options.refold)
    this.shared = new Overlay(store)
    this.overlays = () => this.shared
    this.eventIds = new EventIds(options.digest)
    this.sequence = driver.head()
  }

  /** Highest committed sequence. */
  get head(): number {
    return this.sequence
  }

  /**
   * Writes a batch and says what became of each submission, in order. When this returns, what it reports is durable.
   * Never throws: a database that refuses gives every submission the reason, a thread whose rows are refused is frozen
   * and harms no neighbour.
   */
  process(batch: readonly Submission[]): readonly Outcome[] {
    try {
      return this.attempt(batch, false)
    } catch (error) {
      if (isStorageFailure(error)) return batch.map(() => failed(error))
      return this.isolate(batch)
    }
  }

  /** SQL refused something: the same batch again with each stream's rows under a savepoint of their own. */
  private isolate(batch: readonly Submission[]): readonly Outcome[] {
    try {
      return this.attempt(batch, true)
    } catch {
      // Not even the events went in. One submission at a time, so that the culprit fails alone.
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
    const before = this.sequence
    const perStream = new Map<string, Overlay>()
    this.overlays = isolated
      ? (streamId) => {
          const known = perStream.get(streamId)
          if (known !== undefined) return known
          const fresh = new Overlay(store)
          perStream.set(streamId, fresh)
          return fresh
        }
      : () => this.shared
    try {
      const outcomes = driver.transaction(() => {
        const recordedAt = this.options.clock()
        const done = batch.map((submission) => this.submission(submission, recordedAt))
        if (isolated) for (const [streamId, overlay] of perStream) this.applyAlone(streamId, overlay)
        else store.apply(this.shared.net())
        this.working.save()
        return done
      })
      this.working.commit()
      return outcomes
    } catch (error) {
      this.sequence = before
      this.working.discard()
      this.keyed.clear()
      throw error
    } finally {
      this.shared.clear()
    }
  }

  /** Writes the rows of one stream; refused rows freeze the stream, and only that. */
  private applyAlone(streamId: string, overlay: Overlay): void {
    const { store } = this.options
    try {
      store.atomically(() => store.apply(overlay.net()))
    } catch (error) {
      if (!isRefusedRow(error)) throw error
      this.freeze(this.working.get(streamId), messageOf(error))
    }
  }

  private freeze(entry: StreamEntry, detail: string): void {
    entry.status = "frozen"
    this.options.store.apply([
      {
        op: "anomaly",
        threadId: entry.streamId,
        subject: `stream:${entry.streamId}`,
        reason: "projection-frozen",
        sequence: this.sequence,
        detail,
      },
    ])
  }

  private submission(submission: Submission, recordedAt: number): Outcome {
    const { driver } = this.options
    try {
      if (submission.refuseLive === true) this.refuseLive(submission)
    } catch (error) {
      if (error instanceof Refusal) return { ok: false, slug: error.slug, detail: error.detail }
      throw error
    }
    const results = submission.members.map((member) => this.member(member, recordedAt))
    for (const [key, value] of Object.entries(submission.meta ?? {})) driver.setMeta(key, value)
    return { ok: true, head: this.sequence, results }
  }

  /** Importing beside a live session is refused before anything is stored (DESIGN section 4). */
  private refuseLive(submission: Submission): void {
    for (const member of submission.members) {
      if (member.event.type !== "session.started") continue
      const streamId = this.streamIdOf(member, false)
      const session = this.working.get(streamId).state.session
      if (session === null || session.endedAt !== null || session.sessionId === member.sessionId) continue
      if (session.mode !== "imported") {
        throw new Refusal("thread-busy", `Thread ${streamId} has the ${session.mode} session ${session.sessionId}.`)
      }
    }
  }

  private streamIdOf(member: Member, keep: boolean): string {
    const { key, streamId } = member.to
    if (key === undefined) return streamId
    const known = this.keyed.get(key) ?? this.options.driver.getMeta(streamKey(key))
    if (known !== null) {
      this.keyed.set(key, known)
      return known
    }
    if (keep) {
      this.options.driver.setMeta(streamKey(key), streamId)
      this.keyed.set(key, streamId)
    }
    return streamId
  }

  private member(member: Member, recordedAt: number): MemberResult {
    const { driver, digest } = this.options
    const streamId = this.streamIdOf(member, true)
    const entry = this.working.get(streamId)
    const { event, sessionId } = member
    const { channel, seq } = event
    const source = sessionId ?? streamId
    const last = channel === null || seq === null ? null : this.lastNumber(entry, sessionId, source, channel)
    const eventId =
      event.eventId ??
      (channel === null || seq === null
        ? mintId(digest, event.at, `${source}|${event.type}|event`)
        : this.eventIds.of(source, channel, seq, event.at))
    const { payload, problem } = checked(member)
    const type = problem === null ? event.type : "provider.unmapped"
    const v = problem === null ? (event.v ?? versionOf(type)) : versionOf(type)
    const native = event.native ?? null
    const nativeJson = native === null ? null : JSON.stringify(native)
    const numbered = last !== null && channel !== null && seq !== null
    const known = numbered
      ? seq > last
        ? null
        : driver.findBySeq(source, channel, seq)
      : driver.findByEventId(eventId)
    if (known !== null) {
      const content = { type, v, at: event.at, native: nativeJson, payload: JSON.stringify(payload) }
      const same = sameContent(content, { ...known, payload: withoutEnrichment(known.type, known.payload) })
      if (same || !numbered) return { status: "duplicate", streamId, sequence: known.sequence }
      this.keepConflict(member, entry, source, payload, recordedAt)
      const detail = `${channel} ${seq} is stored with other content`
      return { status: "conflict", streamId, sequence: null, detail }
    }
    const envelope = this.envelope(member, entry, eventId, recordedAt, type, v, payload)
    const sequence = this.append(entry, envelope, nativeJson, event.raw ?? null)
    if (problem !== null) return { status: "invalid", streamId, sequence, detail: problem }
    return { status: numbered && seq > last + 1 ? "gap" : "appended", streamId, sequence }
  }

  /** Highest number of a channel, from the open state where it is known, else from the log. */
  private lastNumber(entry: StreamEntry, sessionId: string | null, source: string, channel: string): number {
    const { state } = entry
    const current = sessionId === null ? state.connection !== null : state.session?.sessionId === sessionId
    return (current ? state.channels[channel] : undefined) ?? this.options.driver.lastSeq(source, channel)
  }

  /** The refused line stays as a fact of its own, once however often it is sent. */
  private keepConflict(member: Member, entry: StreamEntry, source: string, payload: unknown, recordedAt: number): void {
    const { at, channel, native = null, raw, seq, type } = member.event
    const bytes = raw ?? canonicalJson({ type, at, native, payload })
    const eventId = mintId(this.options.digest, at, `${source}|${channel}|${seq}|conflict|${bytes}`)
    if (this.options.driver.findByEventId(eventId) !== null) return
    const unnumbered: Member = { ...member, event: { ...member.event, channel: null, seq: null } }
    const kept = "provider.unmapped"
    const why = { method: type, known: true, conflict: { channel, seq } }
    const envelope = this.envelope(unnumbered, entry, eventId, recordedAt, kept, versionOf(kept), why)
    this.append(entry, envelope, native === null ? null : JSON.stringify(native), bytes)
  }

  private envelope(
    member: Member,
    entry: StreamEntry,
    eventId: string,
    recordedAt: number,
    type: string,
    v: number,
    payload: unknown,
  ): EventEnvelope {
    const { event } = member
    return {
      sequence: this.sequence + 1,
      streamId: entry.streamId,
      streamVersion: entry.version + 1,
      eventId,
      type,
      v,
      sessionId: member.sessionId,
      channel: event.channel,
      seq: event.seq,
      at: event.at,
      recordedAt,
      actor: member.actor,
      commandId: null,
      causationId: null,
      correlationId: null,
      turnId: event.turnId ?? null,
      itemId: event.itemId ?? null,
      requestId: event.requestId ?? null,
      inferenceId: event.inferenceId ?? null,
      realtimeId: event.realtimeId ?? null,
      delegationId: event.delegationId ?? null,
      taskId: event.taskId ?? null,
      native: event.native ?? null,
      payload: isEnriched(type) ? enrich(type, payload, (native) => this.threadOfNative(member, native)) : payload,
    }
  }

  /** Our id of another native thread of the same source, where we know it. */
  private threadOfNative(member: Member, nativeThreadId: string): string | null {
    const { key } = member.to
    if (key === undefined) return null
    const family = key.slice(0, key.indexOf("|") + 1)
    const other = `${family}${nativeThreadId}`
    return this.keyed.get(other) ?? this.options.driver.getMeta(streamKey(other))
  }

  /** Resolves, stores and folds one event; returns its sequence. */
  private append(entry: StreamEntry, unresolved: EventEnvelope, native: string | null, raw: string | null): number {
    const { driver, digest } = this.options
    const overlay = this.overlays(entry.streamId)
    const envelope: EventEnvelope = Object.assign(unresolved, resolve(entry.state, unresolved, overlay, digest))
    driver.insert(rowOf(envelope, native))
    if (raw !== null) driver.insertNative(envelope.sequence, raw)
    this.sequence = envelope.sequence
    const result = this.foldGuarded(entry, envelope, overlay)
    if (entry.status === "ok") overlay.stage(result.changes)
    entry.state = result.state
    entry.version = envelope.streamVersion
    entry.dirty = true
    return envelope.sequence
  }

  /** The fold is total; a fold that a test made throw is treated as one that broke an invariant. */
  private foldGuarded(
    entry: StreamEntry,
    envelope: EventEnvelope,
    rows: RowSource,
  ): { readonly state: StreamEntry["state"]; readonly changes: readonly Change[] } {
    try {
      return this.options.fold(entry.state, envelope, rows)
    } catch (error) {
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

/** The stored form of an event. Written out: a spread of so many fields would be the costliest line of the write path. */
const rowOf = (event: EventEnvelope, native: string | null): EventRow => ({
  sequence: event.sequence,
  streamId: event.streamId,
  streamVersion: event.streamVersion,
  eventId: event.eventId,
  type: event.type,
  v: event.v,
  sessionId: event.sessionId,
  channel: event.channel,
  seq: event.seq,
  at: event.at,
  recordedAt: event.recordedAt,
  actor: event.actor,
  commandId: event.commandId,
  causationId: event.causationId,
  correlationId: event.correlationId,
  turnId: event.turnId,
  itemId: event.itemId,
  requestId: event.requestId,
  inferenceId: event.inferenceId,
  realtimeId: event.realtimeId,
  delegationId: event.delegationId,
  taskId: event.taskId,
  native,
  payload: JSON.stringify(event.payload),
})

const failed = (error: unknown): Outcome =>
  error instanceof Problem
    ? { ok: false, slug: error.slug, detail: error.detail }
    : { ok: false, slug: isStorageFailure(error) ? "storage-failed" : "internal", detail: `${messageOf(error)}.` }

const versionOf = (type: string): number => (isEventType(type) ? eventVersions[type] : 1)

/**
 * The trust boundary of the writer: a payload that is not what its type says, and a word of the orchestrator in a
 * provider's mouth, are stored as `provider.unmapped` under their number, so that they block nothing.
 */
const checked = (member: Member): { readonly payload: unknown; readonly problem: string | null } => {
  const { type, payload = {} } = member.event
  const unmapped = (problem: string) => ({ payload: { method: type, known: true, problem }, problem })
  if (!isEventType(type)) return { payload, problem: null }
  if (member.actor === "provider" && !isProviderEventType(type)) return unmapped(`${type} is not a provider's to say`)
  if (!isPayload(type, payload)) return unmapped(`the payload is not that of ${type}`)
  return { payload, problem: null }
}
