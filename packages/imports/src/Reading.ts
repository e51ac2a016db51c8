/**
 * One reading of one recording: every line is accounted for, the same recording again adds nothing, and a grown one continues where
 * the last reading stopped.
 */
import { basename } from "node:path"
import type { Emitted } from "@threadfold/contracts"
import { mintId } from "@threadfold/core"
import {
  type Acknowledged,
  ConnectionIngestion,
  type EngineWriter,
  type EventDraft,
  sha256,
  streamKey,
  threadKey,
} from "@threadfold/engine"
import { Effect, Fiber } from "effect"
import { type Cut, LineDigest, readCuts, recordingKey, shownLine, writeCuts } from "./Bookmark.js"
import { type EngineFailure, RecordingChanged } from "./failures.js"
import type { Line } from "./lines.js"
import type { OpenRecording, ReadLine } from "./RecordingReader.js"
import type { Recognized } from "./recognize.js"
import { type ImportedThread, type ImportOutcome, namedLines, type UnreadableLines } from "./report.js"

/** How a recording is read. */
export interface ReadingOptions {
  /** Leave sessions open at the end of a recording that has not seen its process exit. */
  readonly leaveOpen?: boolean
  /** Events per submission. Default 512: a batch of the writer. */
  readonly submitAt?: number
  /** Called after each commit, for progress: lines read and events added so far. */
  readonly onProgress?: (name: string, line: number, events: number) => void
}

/** Events per submission: a batch of the writer. */
const SUBMIT_AT = 512
/** UTF-16 units of what the agent said that are held until they are submitted. Lines may be long, so that few of them fill the memory. */
const submitAtLength = 4 * 1024 * 1024
/** How many lines may wait for one that identifies the recording, and how long they may be together, UTF-16 units. */
const mostLeading = 1_000
const longestLeading = 64 * 1024 * 1024

/** One reading; lines go in, then the end. */
export class Reading {
  private readonly counts = { lines: 0, mapped: 0, kept: 0, unreadable: 0, events: 0 }
  private readonly unreadableLines: UnreadableLines = []
  private readonly threads = new Map<string, ImportedThread>()
  private readonly source: string
  private readonly recording: OpenRecording
  private readonly digest: LineDigest | null
  private ingestion: ConnectionIngestion | null = null
  private waiting: EventDraft[] = []
  /** Length of what waits, UTF-16 units. */
  private waitingLength = 0
  private nativeOf: string[] = []
  private cuts: readonly Cut[] = []
  private passed = 0
  private key = ""
  private firstAt = 0
  private lastAt = 0
  private lastLine = 0
  private seed = ""
  /** Lines so far that belong to a later one and are not counted. */
  private parts = 0
  /** Lines at the beginning that do not identify the recording. They are taken when one does. */
  private leading: { readonly number: number; readonly text: string; readonly read: ReadLine }[] = []
  private leadingLength = 0
  /** Native threads that the recording names. */
  private readonly natives = new Set<string>()

  /** The submission that is not acknowledged yet. */
  private underWay: Fiber.Fiber<void, EngineFailure> | null = null

  private readonly name: string

  constructor(
    { reader, recording }: Recognized,
    private readonly options: ReadingOptions,
    private readonly engine: EngineWriter,
  ) {
    this.name = recording.name
    this.source = reader.source
    this.digest = reader.onlyGrows === true ? new LineDigest() : null
    this.recording = reader.open(basename(recording.name))
  }

  /** What it led to so far. */
  get outcome(): ImportOutcome {
    const { events, ...lines } = this.counts
    const bodies = this.recording.bodies?.()
    return {
      threads: [...this.threads.values()],
      ...lines,
      unreadableLines: this.unreadableLines,
      events,
      ...(bodies === undefined ? {} : { bodies }),
    }
  }

  /** True while the reading is on lines that an earlier one took: what they give is stored already. */
  private get known(): boolean {
    return this.passed < this.cuts.length
  }

  /** The first readable line identifies the recording: the same recording has the same ids again. */
  private open(text: string, at: number): Effect.Effect<void, EngineFailure> {
    this.seed = text
    this.firstAt = at
    this.key = recordingKey(this.source, text)
    const mint = (what: string): string => mintId(sha256, at, `${this.source}|${what}|${text}`)
    this.ingestion = new ConnectionIngestion({
      connectionId: mint("connection"),
      sourceKind: this.source,
      imported: true,
      threadId: (native) => mint(`thread|${native}`),
      sessionId: (native, ordinal) => mint(`session|${native}|${ordinal}`),
    })
    return Effect.map(this.engine.getMeta(this.key), (stored) => {
      this.cuts = readCuts(stored)
    })
  }

  /**
   * Takes lines, in their order. They are read on while what they led to is committed; one submission is under way at most.
   * Fails with `RecordingChanged` where the lines before one are not those that an earlier reading took.
   */
  take(lines: readonly Line[]): Effect.Effect<void, EngineFailure | RecordingChanged> {
    return Effect.suspend(() => this.takeFrom(lines, 0))
  }

  /** An Effect for what has to wait only: most lines are taken by a plain loop. */
  private takeFrom(lines: readonly Line[], from: number): Effect.Effect<void, EngineFailure | RecordingChanged> {
    for (let index = from; index < lines.length; index++) {
      const line = lines[index]
      if (line === undefined) continue
      const before: Effect.Effect<void, EngineFailure | RecordingChanged> | null =
        this.passCuts(line.number) ?? this.read(line)
      if (before !== null)
        return Effect.zipRight(
          before,
          Effect.suspend(() => this.takeFrom(lines, index + 1)),
        )
    }
    return Effect.void
  }

  /** Reads a line. Null: the next one can follow at once. */
  private read({ bytes, isTooLong, number, text, whole }: Line): Effect.Effect<void, EngineFailure> | null {
    if (!isTooLong && text.trim() === "") return null
    const read = isTooLong ? { problem: `too long: ${bytes} bytes` } : this.recording.read(text)
    const isPart = "isPart" in read
    if (isPart) this.parts += 1
    else this.counts.lines += 1
    if ("problem" in read) {
      this.counts.unreadable += 1
      if (this.unreadableLines.length < namedLines) {
        this.unreadableLines.push({ file: this.name, line: number - this.parts, problem: read.problem })
      }
      // A cut last line may be finished later: it is not taken yet.
      if (whole) this.tookLine(number, text)
      return null
    }
    const mayWait = this.leading.length < mostLeading && this.leadingLength < longestLeading
    if (this.ingestion === null && read.identifies === false && mayWait) {
      this.leading.push({ number, text, read })
      this.leadingLength += text.length
      return null
    }
    if (this.ingestion !== null) return this.translated(number, text, read)
    return Effect.flatMap(this.open(text, read.at), () => this.translated(number, text, read) ?? Effect.void)
  }

  private translated(number: number, text: string, read: ReadLine): Effect.Effect<void, EngineFailure> | null {
    for (const one of this.leading) this.taken(one.number, one.text, one.read, read.at)
    this.leading = []
    this.taken(number, text, read, read.at)
    const isFull = this.waiting.length >= (this.options.submitAt ?? SUBMIT_AT) || this.waitingLength >= submitAtLength
    return isFull ? this.submit() : null
  }

  private tookLine(number: number, text: string): void {
    this.lastLine = number
    this.digest?.add(text)
  }

  private taken(number: number, text: string, read: ReadLine, at: number): void {
    this.lastAt = at
    this.tookLine(number, text)
    const { emitted, fate } = read.translate()
    if (read.isPart !== true) this.counts[fate] += 1
    this.keep(emitted)
  }

  /** Goes through the cuts of earlier readings that lie before a line. Null: the lines so far are those that they took. */
  private passCuts(number: number): RecordingChanged | null {
    for (let cut = this.cuts[this.passed]; cut !== undefined && cut.line < number; cut = this.cuts[this.passed]) {
      const isSame = this.digest === null || cut.digest === undefined || cut.digest === this.digest.value
      if (!isSame) return new RecordingChanged({ name: this.name, line: shownLine(cut), how: "rewritten" })
      this.keep(cut.open ? this.recording.flush() : this.recording.end(this.lastAt))
      this.passed += 1
    }
    return null
  }

  private keep(emitted: readonly Emitted[]): void {
    if (this.ingestion === null || emitted.length === 0) return
    const drafts = this.ingestion.drafts(emitted)
    for (const { scope } of emitted) if (scope.kind === "session") this.natives.add(scope.nativeThreadId)
    if (this.known) return
    drafts.forEach((draft, index) => {
      const scope = emitted[index]?.scope
      const native = scope?.kind === "session" ? scope.nativeThreadId : ""
      if (scope?.kind === "session" && draft.event.type === "session.started") {
        this.push(this.importedDraft(draft, native, scope.session), native)
      }
      this.push(draft, native)
    })
  }

  private push(draft: EventDraft, native: string): void {
    this.waiting.push(draft)
    this.waitingLength += draft.event.raw?.length ?? 0
    this.nativeOf.push(native)
  }

  /** Records in the thread's own stream where it came from. */
  private importedDraft(draft: EventDraft, native: string, ordinal: number): EventDraft {
    return {
      to: { streamId: draft.to.streamId, key: threadKey(this.source, native) },
      sessionId: null,
      actor: "import",
      event: {
        type: "thread.imported",
        channel: null,
        seq: null,
        at: draft.event.at,
        eventId: mintId(sha256, this.firstAt, `${this.source}|imported|${native}|${ordinal}|${this.seed}`),
        native: { threadId: native },
        payload: { source: this.source, file: basename(this.name) },
      },
    }
  }

  private submit(meta?: Readonly<Record<string, string>>): Effect.Effect<void, EngineFailure> {
    const drafts = this.waiting
    const natives = this.nativeOf
    this.waiting = []
    this.waitingLength = 0
    this.nativeOf = []
    if (drafts.length === 0 && meta === undefined) return this.settled
    const line = this.lastLine - this.parts
    const submission = { drafts, refuseLive: true, ...(meta === undefined ? {} : { meta }) }
    const committed = Effect.map(this.engine.submit(submission), (acknowledged) => {
      this.count(acknowledged, natives)
      this.options.onProgress?.(this.name, line, this.counts.events)
    })
    // Never two at a time: what follows one that was refused must not be stored.
    const begun = Effect.map(Effect.forkDaemon(committed), (fiber) => {
      this.underWay = fiber
    })
    return Effect.zipRight(this.settled, Effect.uninterruptible(begun))
  }

  /** Waits until nothing that was taken is under way to the log. Fails with what the engine refused. */
  readonly settled: Effect.Effect<void, EngineFailure> = Effect.suspend(() => {
    if (this.underWay === null) return Effect.void
    return Effect.flatMap(Fiber.await(this.underWay), (exit) => {
      this.underWay = null
      return exit
    })
  })

  /** @param natives the native thread of each draft; empty for one of the connection */
  private count({ results }: Acknowledged, natives: readonly string[]): void {
    results.forEach(({ sequence, status, streamId }, index) => {
      const nativeThreadId = natives[index] ?? ""
      const added = sequence !== null && status !== "duplicate" ? 1 : 0
      this.counts.events += added
      if (nativeThreadId === "") return
      const before = this.threads.get(streamId)
      this.threads.set(streamId, { threadId: streamId, nativeThreadId, events: (before?.events ?? 0) + added })
    })
  }

  /** Names also the threads of the recording without a new event: a second import should list them as well. */
  private listThreads(): Effect.Effect<void, EngineFailure> {
    return Effect.forEach(
      this.natives,
      (nativeThreadId) =>
        Effect.map(this.engine.getMeta(streamKey(threadKey(this.source, nativeThreadId))), (threadId) => {
          if (threadId !== null && !this.threads.has(threadId)) {
            this.threads.set(threadId, { threadId, nativeThreadId, events: 0 })
          }
        }),
      { discard: true },
    )
  }

  /** Fails where nothing was added because a thread of the recording was purged: "nothing new" would say that it is there. */
  private requireThere(): Effect.Effect<void, EngineFailure> {
    return Effect.suspend(() =>
      this.counts.events > 0
        ? Effect.void
        : Effect.asVoid(this.engine.submit({ drafts: [], repeated: [...this.threads.keys()] })),
    )
  }

  /** Makes what was taken durable, without an end: more lines follow. */
  pause(): Effect.Effect<void, EngineFailure> {
    return Effect.zipRight(this.submit(), this.settled)
  }

  /** The end of the recording: ends the connection unless it is to stay open, and remembers how far this reading came. */
  end(): Effect.Effect<void, EngineFailure | RecordingChanged> {
    return Effect.all([this.close(), this.settled, this.listThreads(), this.requireThere()], { discard: true })
  }

  private close(): Effect.Effect<void, EngineFailure | RecordingChanged> {
    // No line identifies the recording: what was read of it is not stored.
    this.counts.kept += this.leading.filter(({ read }) => read.isPart !== true).length
    this.leading = []
    if (this.ingestion === null) return Effect.void
    const last = this.cuts.at(-1)
    if (this.digest !== null && last !== undefined && this.lastLine < last.line) {
      return new RecordingChanged({ name: this.name, line: shownLine(last), how: "shorter" })
    }
    const changed = this.passCuts(Number.POSITIVE_INFINITY)
    if (changed !== null) return changed
    const leaveOpen = this.options.leaveOpen === true
    const grown = last === undefined || this.lastLine > last.line
    // Nothing is new, and the end is in the log already or is not to be added.
    if (!grown && (leaveOpen || !last.open)) return this.submit()
    this.keep(leaveOpen ? this.recording.flush() : this.recording.end(this.lastAt))
    const cut = {
      line: this.lastLine,
      open: leaveOpen,
      ...(this.parts === 0 ? {} : { parts: this.parts }),
      ...(this.digest === null ? {} : { digest: this.digest.value }),
    }
    return this.submit({ [this.key]: writeCuts([...this.cuts, cut]) })
  }
}
