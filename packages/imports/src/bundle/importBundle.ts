/**
 * A bundle into a log. It is read twice: the first reading stores nothing, checks everything and folds the threads aside, so that a
 * bundle is refused as a whole before any effect; the second one appends.
 */
import { FOLD_VERSION, mediaTypeOf } from "@threadfold/core"
import {
  type EngineWriter,
  type EventDraft,
  type RestoredEvent,
  SubmitError,
  streamKey,
  threadKey,
} from "@threadfold/engine"
import { decodeRow } from "@threadfold/event-log"
import { ScratchRows } from "@threadfold/projections"
import { Effect, Either, Option, Runtime, Schema, Stream } from "effect"
import { type EngineFailure, RecordingUnreadable } from "../failures.js"
import type { Recording } from "../recognize.js"
import { BundleConflict, BundleInvalid } from "./bundleFailures.js"
import { copyId, copyOf } from "./copyIds.js"
import type { BlobEntry, BundleSeal, Head, StreamSeal } from "./format.js"
import { readBundle } from "./readBundle.js"
import { Settlement } from "./Settlement.js"

/** A stream that a log has. */
export interface ExistingStream {
  /** Version of its last event. */
  readonly version: number
  /** Its content was removed for good. */
  readonly isPurged: boolean
  /** Canonical hash of its rows. */
  readonly hash: () => string
}

export interface BundleOptions {
  /** Takes every thread under fresh ids, which follow from this text and the ids of the bundle; null: under their own. */
  readonly copySeed: string | null
  /** What the log has of a stream, or null. */
  readonly existing: (streamId: string) => ExistingStream | null
  /** Whether the log has a blob. */
  readonly hasBlob: (hash: string) => boolean
  /** Called as the bundle is read: events that were appended so far. */
  readonly onProgress?: (events: number) => void
}

/** What became of a stream of a bundle. */
export interface TakenStream {
  /** Its id in this log. */
  readonly streamId: string
  /** Its id in the bundle. */
  readonly from: string
  readonly isThread: boolean
  readonly nativeThreadId: string | null
  readonly status: "imported" | "present"
  /** Hash of the rows that the bundle's events lead to in this log, before they are settled; null: SQL refuses some of them. */
  readonly hash: string | null
  /** Events that were appended: those of the bundle, and those that settle. */
  readonly events: number
  /** Events that settle what lived. */
  readonly settled: number
}

export interface BundleOutcome {
  readonly head: Head
  readonly seal: BundleSeal
  /** Whether the hashes that the bundle declares were compared: they are of the version of the fold that this program has. */
  readonly proven: boolean
  readonly streams: readonly TakenStream[]
  readonly events: number
  /** Blobs that the log did not have before. */
  readonly blobsAdded: number
}

export type BundleFailure = BundleInvalid | BundleConflict | RecordingUnreadable | EngineFailure

/** Events of one submission, and their texts in UTF-16 units: a stream of so many goes in at once. */
const partEvents = 512
const partUnits = 4 * 1024 * 1024

/** What the log remembers of a stream that came from a bundle. `version`: after it was settled; null: it is not whole. */
const Remembered = Schema.parseJson(Schema.Struct({ digest: Schema.String, version: Schema.NullOr(Schema.Number) }))
const decodeRemembered = Schema.decodeUnknownOption(Remembered)
const rememberedKey = (streamId: string): string => `bundle:${streamId}`

/** What is to be done with a stream. */
interface Plan extends Omit<TakenStream, "events" | "settled"> {
  readonly digest: string
  readonly settling: readonly EventDraft[]
  /** Version of the stream when all of it is in. */
  readonly version: number
}

const isSubmitError = Schema.is(SubmitError)
const isFailure = (error: unknown): error is BundleFailure =>
  error instanceof BundleInvalid ||
  error instanceof BundleConflict ||
  error instanceof RecordingUnreadable ||
  isSubmitError(error)

/** Folds the stream that is read, page by page. */
class Folding {
  private readonly scratch = new ScratchRows()
  private page: RestoredEvent["row"][] = []

  begin(streamId: string): void {
    this.scratch.begin(streamId)
  }

  add(row: RestoredEvent["row"]): void {
    this.page.push(row)
    if (this.page.length >= partEvents) this.flush()
  }

  end(following?: Parameters<ScratchRows["end"]>[0]): ReturnType<ScratchRows["end"]> {
    this.flush()
    return this.scratch.end(following)
  }

  finish(): string | null {
    return this.scratch.finish().hash
  }

  close(): void {
    this.scratch.close()
  }

  private flush(): void {
    this.scratch.add(this.page.map((row) => decodeRow({ ...row, sequence: row.streamVersion })))
    this.page = []
  }
}

/** Looks through a bundle, and says what is to be done with each of its streams. Stores nothing. */
class Check {
  readonly plans = new Map<string, Plan>()
  head: Head | null = null
  seal: BundleSeal | null = null
  private readonly own = new Folding()
  private readonly copied: Folding | null
  private lastAt = 0

  constructor(
    private readonly name: string,
    private readonly options: BundleOptions,
    private readonly getMeta: (key: string) => Promise<string | null>,
  ) {
    this.copied = options.copySeed === null ? null : new Folding()
  }

  get proven(): boolean {
    return this.head?.foldVersion === FOLD_VERSION
  }

  private target(id: string): string {
    return this.options.copySeed === null ? id : copyId(id, this.options.copySeed)
  }

  readonly visitor = {
    // What is to be known of blobs, the reading has compared.
    blob: (): void => undefined,
    piece: (): void => undefined,
    full: (): void => undefined,
    head: (head: Head): void => {
      this.head = head
    },
    stream: (streamId: string): void => {
      this.own.begin(streamId)
      this.copied?.begin(this.target(streamId))
    },
    event: (event: RestoredEvent): void => {
      this.lastAt = event.row.at
      this.own.add(event.row)
      if (this.options.copySeed !== null) this.copied?.add(copyOf(event, this.options.copySeed).row)
    },
    sealed: async (seal: StreamSeal): Promise<void> => {
      const streamId = this.target(seal.stream)
      const settlement = new Settlement(streamId, seal.events, this.lastAt)
      const following = this.copied === null ? settlement.begin : undefined
      const own = this.own.end(following)
      if (this.proven && own.hash !== seal.hash) {
        throw this.damaged(`the events of stream ${seal.stream} do not lead to the rows whose hash it names`)
      }
      const { hash, state, unsettled } = this.copied?.end(settlement.begin) ?? own
      const settling = settlement.end(unsettled)
      const plan: Plan = {
        streamId,
        from: seal.stream,
        isThread: state.thread !== null,
        nativeThreadId: state.thread?.nativeThreadId ?? null,
        status: "imported",
        hash,
        digest: seal.sha256,
        settling,
        version: seal.events + settling.length,
      }
      this.plans.set(seal.stream, { ...plan, status: await this.statusOf(plan, seal.events) })
    },
    end: (seal: BundleSeal): void => {
      this.seal = seal
      if (this.proven && this.own.finish() !== seal.hash)
        throw this.damaged("its threads do not have the hash that its end names")
    },
  }

  close(): void {
    this.own.close()
    this.copied?.close()
  }

  private async statusOf({ digest, hash, streamId }: Plan, events: number): Promise<TakenStream["status"]> {
    const existing = this.options.existing(streamId)
    if (existing === null) return "imported"
    if (existing.isPurged) {
      const why = "was purged here, and nothing comes after its tombstone; take it as a copy (--as-copy)"
      throw new BundleConflict({ threadId: streamId, why })
    }
    const known = Option.getOrNull(decodeRemembered(await this.getMeta(rememberedKey(streamId))))
    const same = known?.digest === digest
    if (same && known.version === null) return "imported"
    // As it was settled then, which an older version may have done by fewer events.
    if (same && existing.version === known.version) return "present"
    if (existing.version === events && hash !== null && existing.hash() === hash) return "present"
    const why = same ? "was imported before and has gone on since" : "is there already, with other content"
    throw new BundleConflict({ threadId: streamId, why: `${why}; take it as a copy (--as-copy)` })
  }

  private damaged(why: string): BundleInvalid {
    return new BundleInvalid({ name: this.name, kind: "damaged", why })
  }
}

/** Appends what the plans say, part by part. */
class Apply {
  events = 0
  private parts: RestoredEvent[] = []
  private units = 0
  private plan: Plan | null = null
  /** Events that were appended before the stream. */
  private before = 0
  private meta: Record<string, string> = {}
  readonly taken: TakenStream[] = []
  blobsAdded = 0
  private blob: { readonly hash: string; readonly bytes: Uint8Array; length: number } | null = null

  constructor(
    private readonly plans: ReadonlyMap<string, Plan>,
    private readonly options: BundleOptions,
    private readonly writer: {
      readonly submit: (submission: Parameters<EngineWriter["submit"]>[0]) => Promise<number>
      readonly getMeta: (key: string) => Promise<string | null>
    },
  ) {}

  readonly visitor = {
    head: (): void => undefined,
    stream: (streamId: string): void => {
      this.plan = this.plans.get(streamId) ?? null
      this.before = this.events
      this.meta = {}
    },
    event: async (event: RestoredEvent): Promise<void> => {
      const { plan } = this
      if (plan?.status !== "imported") return
      if (this.parts.length >= partEvents || this.units >= partUnits) await this.submit(plan, false)
      const { copySeed } = this.options
      const taken = copySeed === null ? event : copyOf(event, copySeed)
      this.parts.push(taken)
      this.units += taken.row.payload.length + (taken.body?.length ?? 0)
      if (copySeed === null && event.row.type === "thread.imported") await this.noteRecording(event)
    },
    // A thread that is here already gets the blobs that it lacks, too.
    blob: ({ hash, size }: BlobEntry): void => {
      this.blob = this.options.hasBlob(hash) ? null : { hash, bytes: new Uint8Array(size), length: 0 }
    },
    piece: (bytes: Uint8Array): void => {
      if (this.blob === null) return
      this.blob.bytes.set(bytes, this.blob.length)
      this.blob.length += bytes.length
    },
    full: async (): Promise<void> => {
      if (this.blob === null) return
      const { bytes, hash } = this.blob
      this.blob = null
      // The type is what the bytes show, whatever the bundle says.
      const blob = { hash, mediaType: mediaTypeOf(bytes), size: bytes.length, bytes }
      await this.writer.submit({ drafts: [], blobs: [blob] })
      this.blobsAdded += 1
    },
    sealed: async (): Promise<void> => {
      const { plan } = this
      if (plan === null) return
      const isTaken = plan.status === "imported"
      if (isTaken) await this.submit(plan, true)
      const { digest: _digest, settling, version: _version, ...shown } = plan
      this.taken.push({ ...shown, events: this.events - this.before, settled: isTaken ? settling.length : 0 })
    },
    end: (): void => undefined,
  }

  /** A recording of the same native thread goes on in this thread, as it would where the bundle comes from. */
  private async noteRecording({ row }: RestoredEvent): Promise<void> {
    const of = Option.getOrNull(decodeRecorded({ payload: row.payload, native: row.native ?? "null" }))
    if (of === null) return
    const key = streamKey(threadKey(of.payload.source, of.native.threadId))
    if ((await this.writer.getMeta(key)) === null) this.meta[key] = row.streamId
  }

  private async submit({ digest, settling, streamId, version }: Plan, done: boolean): Promise<void> {
    const restored = this.parts
    this.parts = []
    this.units = 0
    const meta = { ...this.meta, [rememberedKey(streamId)]: JSON.stringify({ digest, version: done ? version : null }) }
    this.meta = {}
    const added = await this.writer.submit({
      restored,
      drafts: done ? settling : [],
      importing: { streamId, importId: digest, done },
      meta,
    })
    this.events += added
    this.options.onProgress?.(this.events)
  }
}

const decodeRecorded = Schema.decodeUnknownOption(
  Schema.Struct({
    payload: Schema.parseJson(Schema.Struct({ source: Schema.String })),
    native: Schema.parseJson(Schema.Struct({ threadId: Schema.String })),
  }),
)

/**
 * Imports a bundle through a writer. Nothing is stored of one that is refused: with `BundleInvalid` where it is none, cut, changed, too
 * new or too large, with `BundleConflict` where the log has one of its threads with other content. An import that was stopped leaves
 * whole threads, and one that takes nothing before the same import has been repeated.
 */
export const importBundle = (
  recording: Recording,
  writer: EngineWriter,
  options: BundleOptions,
): Effect.Effect<BundleOutcome, BundleFailure> =>
  Effect.gen(function* () {
    const runtime = yield* Effect.runtime()
    const run = async <A, E>(effect: Effect.Effect<A, E>): Promise<A> =>
      Either.getOrThrowWith(await Runtime.runPromise(runtime)(Effect.either(effect)), (error) => error)
    const getMeta = (key: string) => run(writer.getMeta(key))
    const read = (visitor: Parameters<typeof readBundle>[2]) =>
      Effect.tryPromise({
        try: (signal) =>
          readBundle(recording.name, whileWanted(Stream.toAsyncIterable(recording.bytes), signal), visitor),
        catch: (error) => error,
      }).pipe(Effect.catchAll((error) => (isFailure(error) ? Effect.fail(error) : Effect.die(error))))
    const check = yield* Effect.acquireRelease(
      Effect.sync(() => new Check(recording.name, options, getMeta)),
      (opened) => Effect.sync(() => opened.close()),
    )
    yield* read(check.visitor)
    const { head, plans, proven, seal } = check
    if (head === null || seal === null) return yield* Effect.die(new Error("a bundle that was read has no head"))
    const submit = async (submission: Parameters<EngineWriter["submit"]>[0]): Promise<number> =>
      (await run(writer.submit(submission))).results.filter(({ status }) => status !== "duplicate").length
    const apply = new Apply(plans, options, { submit, getMeta })
    yield* read(apply.visitor)
    return { head, seal, proven, streams: apply.taken, events: apply.events, blobsAdded: apply.blobsAdded }
  }).pipe(Effect.scoped)

/** The pieces, until the reading is no longer wanted. */
async function* whileWanted(pieces: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    if (signal.aborted) return
    yield piece
  }
}
