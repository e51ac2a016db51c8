/**
 * What the writer takes and what it answers. Both are plain data, because they are messages between threads under `serve`, and
 * arguments of a function elsewhere.
 */
import type { Actor, Command, EffectRow, EffectStatus, ProviderEvent, Receipt } from "@threadfold/contracts"
import type { EventRow } from "@threadfold/event-log"
import type { Effect } from "effect"
import type { EngineStopped, SubmitError } from "./Errors.js"
import type { BlobDraft, EffectPatch, SubscriptionStep } from "./work/index.js"

/** The stream of an event. */
export interface Destination {
  /** The stream's id; for a keyed one only a proposal. */
  readonly streamId: string
  /**
   * A permanent name of one stream, for example a source kind and its native thread id. The first proposal under a key is kept,
   * and every later one is replaced by that stream.
   */
  readonly key?: string
}

/** An event before it is stored: without sequence, and perhaps without our ids. */
export interface EventDraft {
  readonly to: Destination
  /** The session that it comes from; null for connection streams and for our own events. */
  readonly sessionId: string | null
  readonly actor: Actor
  /** The command that it follows from. */
  readonly commandId?: string
  /** The first command of the chain, where that is another one. */
  readonly carriesOn?: string | null
  /** The event; our own ones carry neither channel nor number and need an id instead. */
  readonly event: Omit<ProviderEvent, "channel" | "seq" | "raw"> & {
    readonly channel: string | null
    readonly seq: number | null
    readonly eventId?: string
    /** Its native message; a list: what stands around the very long texts of the payload. */
    readonly raw?: string | readonly string[] | null | undefined
  }
}

/** An event that another log has stored, taken over as it is. */
export interface RestoredEvent {
  /** The row, without its place in the log. */
  readonly row: Omit<EventRow, "sequence">
  /** Its native body, verbatim; null: it has none. */
  readonly body: string | null
}

/** The import of one stream from another log. */
export interface StreamImport {
  readonly streamId: string
  /** What is imported: only submissions of the same import may write to the stream before it is done. */
  readonly importId: string
  /** True: with this submission the stream is whole. */
  readonly done: boolean
}

/** A command for a thread. The writer decides it after everything that was queued before it. */
export interface CommandSubmission {
  /** Id of the command; the ids of its events follow from it. */
  readonly commandId: string
  /** The thread's stream; for a keyed one `command.threadId` is a proposal, as `streamId` is. */
  readonly to: Destination
  readonly command: Command
  /** When it was given, ms since the epoch. */
  readonly at: number
  /** The source of the command; absent: a client. */
  readonly actor?: Actor
  /** Version of the resource that its sender read (`If-Match`): the sequence of its row's last change. */
  readonly ifSequence?: number
  /**
   * Remembers the answer under `key`, so that a retry gets it again; another `content` under the same key is a conflict.
   */
  readonly receipt?: { readonly key: string; readonly content: string }
}

/** One step of an effect. The whole submission is refused when the effect is not in the expected state. */
export interface EffectStep {
  readonly effectId: string
  /** Status that it must have. */
  readonly from: EffectStatus
  /** Lease that it must be under; absent: any. */
  readonly token?: string
  readonly patch: EffectPatch
}

/** The purge of a connection that has closed, and whose threads were purged. */
export interface ConnectionPurge {
  /** The connection, and its stream. */
  readonly streamId: string
  /** Version of the stream whose rows were hashed: refused where an event came since. */
  readonly streamVersion: number
  /** Canonical hash of its rows, SHA-256 hex. */
  readonly sealedHash: string
}

/** What is committed together and acknowledged once. */
export interface Submission {
  readonly drafts: readonly EventDraft[]
  /** Decided before the drafts are appended; a refused one refuses the whole submission. */
  readonly command?: CommandSubmission
  /**
   * Small values of the log that are written with it (`LogDriver.setMeta`), such as the progress of an import; null removes one.
   */
  readonly meta?: Readonly<Record<string, string | null>>
  /** Blobs that are stored with it; none where it is refused. */
  readonly blobs?: readonly BlobDraft[]
  /** The change of a subscription that is made with it; its end of the log is the one before the drafts. */
  readonly subscription?: SubscriptionStep
  /** Steps of effects that are taken with it. */
  readonly effects?: readonly EffectStep[]
  /** Refuse the whole of it unless this turn still waits for its delivery. */
  readonly ifRequested?: { readonly threadId: string; readonly turnId: string }
  /**
   * Events of the stream that `importing` names, in the order of their versions and without a gap. They are appended before the drafts,
   * as they are: their ids, times and causes are those of the other log. Those that the stream has already are duplicates; the whole
   * submission is refused where the log has another event in their place. Never together with a command.
   */
  readonly restored?: readonly RestoredEvent[]
  /**
   * The import that this is a part of. Until it is done, the stream takes nothing else: half a thread must not be worked on. A command
   * that is accepted may begin the import of another stream.
   */
  readonly importing?: StreamImport
  /** True: refuse the whole of it when it would open an imported session beside a live one. */
  readonly refuseLive?: boolean
  /** Appends the tombstone of a connection, before any draft, and begins its purge. */
  readonly purging?: ConnectionPurge
  /** Streams whose events the sender does not send because they are stored: the whole of it is refused where one was purged. */
  readonly repeated?: readonly string[]
}

/** How many bytes of a blob count as one event. */
const bytesPerEvent = 64 * 1024

/** How many UTF-16 units of texts count as one event: what waits for the writer is bounded in memory, too. */
const unitsPerEvent = 4 * 1024

/** About how many units the texts of a value take: those of its members; nothing is written for it. */
export const textUnits = (value: unknown): number => {
  if (typeof value !== "object" || value === null) return 0
  let units = 0
  for (const name in value) {
    const member: unknown = Reflect.get(value, name)
    if (typeof member === "string") units += member.length
  }
  return units
}

/** What a draft counts as. Its native message mostly says what its payload does. */
const weightOf = ({ event: { payload, raw } }: EventDraft): number =>
  1 + Math.floor((typeof raw === "string" ? 2 * raw.length : textUnits(payload)) / unitsPerEvent)

const weightOfRestored = ({ body, row }: RestoredEvent): number =>
  1 + Math.floor((row.payload.length + (body?.length ?? 0)) / unitsPerEvent)

/** How many events a submission counts as; a command, a step of an effect, a piece of a blob or of a long text counts as one. */
export const sizeOf = ({ blobs = [], drafts, restored = [] }: Submission): number => {
  let size = 0
  for (const draft of drafts) size += weightOf(draft)
  for (const event of restored) size += weightOfRestored(event)
  for (const blob of blobs) size += Math.ceil(blob.size / bytesPerEvent)
  return Math.max(1, size)
}

/** The outcome of a draft. */
export type DraftStatus =
  /** Stored. */
  | "appended"
  /** Stored, and numbers before it are missing. */
  | "gap"
  /**
   * Stored as `provider.unmapped` under its number, because it is not valid as its type. Not stored where its session has too
   * many channels, or where its thread was purged.
   */
  | "invalid"
  /** The log has it already. */
  | "duplicate"
  /** The log has other content under this number: refused, its bytes are kept as an anomaly. */
  | "conflict"

/** Why a draft is not stored under its type, or not at all. */
export type DraftFault =
  | "line-not-unicode"
  | "type-reserved"
  | "payload-invalid"
  | "channel-limit"
  | "seq-conflict"
  | "thread-purged"

/** What became of one event draft. */
export interface DraftResult {
  readonly status: DraftStatus
  /** Stream that it went to. */
  readonly streamId: string
  /** Its sequence in the log; for a duplicate that of the first one; null where it is not stored. */
  readonly sequence: number | null
  /** What is wrong with it. */
  readonly problem?: DraftFault
}

/** Nothing of a submission is committed, and why. */
export interface Refusal {
  readonly ok: false
  readonly error: SubmitError
}

/** The acknowledgement of a submission. */
export type Outcome =
  | {
      readonly ok: true
      readonly head: number
      /** The command's events first, where there is one, or the restored ones; then the drafts, in order. */
      readonly results: readonly DraftResult[]
      /** What the command led to; null: there was none. */
      readonly receipt: Receipt | null
      /** Effects that it left, in order. None for a retry. */
      readonly effects: readonly EffectRow[]
    }
  | Refusal

/** The streams that a batch appended to. */
export const streamsOf = (outcomes: readonly Outcome[]): ReadonlySet<string> => {
  const streams = new Set<string>()
  for (const outcome of outcomes) {
    if (outcome.ok) for (const result of outcome.results) streams.add(result.streamId)
  }
  return streams
}

/** What a submission led to. */
export interface Acknowledged {
  /** Highest sequence when it was committed. */
  readonly head: number
  /** One per event of the command, then one per draft, in order. */
  readonly results: readonly DraftResult[]
  /** What the command led to; null: there was none. */
  readonly receipt: Receipt | null
  /** Effects that the command left. */
  readonly effects: readonly EffectRow[]
}

/** Writes to the log: what a source of events needs of the engine, in whatever thread it runs. */
export interface EngineWriter {
  /**
   * Commits a submission and returns when it is durable. Waits while too much is queued: that is the backpressure to the source.
   * Fails with the reason for which all of it was refused.
   */
  readonly submit: (submission: Submission) => Effect.Effect<Acknowledged, SubmitError>
  /** A small value of the log, or null. */
  readonly getMeta: (key: string) => Effect.Effect<string | null, EngineStopped>
}
