/**
 * `import codex-app-server`: reads recordings of Codex app-server connections into the log. Every line is accounted for,
 * the same file again adds nothing, and a grown file goes on where the last reading stopped.
 */
import { basename } from "node:path"
import { type Emitted, type ImportReport, Problem } from "@threadfold/contracts"
import { mintId } from "@threadfold/core"
import { ConnectionIngestion, Engine, type Member, sha256, streamKey, threadKey } from "@threadfold/engine"
import { makeCodexTranslator, parseRecordingLine, type Translator } from "@threadfold/providers"
import { Effect, type Layer, Stream } from "effect"
import { type Cut, readCuts, writeCuts } from "./Bookmark.js"
import { type FileLine, linesOf } from "./lines.js"
import { requireRecordings } from "./requireRecordings.js"

/** Kind of this source: one thread per (kind, native thread). */
export const codexAppServer = "codex-app-server"

export interface ImportOptions {
  readonly files: readonly string[]
  /** Leave sessions open at the end of a recording that has not seen its process exit. */
  readonly leaveOpen?: boolean
  /** Events per submission. Default 512: a batch of the writer. */
  readonly submitAt?: number
  /** Told after each commit: lines read and events added so far, for progress. */
  readonly onProgress?: (file: string, line: number, events: number) => void
}

/** Events per submission: a batch of the writer. */
const SUBMIT_AT = 512
/** How many unreadable lines a report names. */
const NAMED_LINES = 100

type Unreadable = ImportReport["unreadableLines"][number]

interface FileReport {
  lines: number
  mapped: number
  kept: number
  unreadable: number
  readonly unreadableLines: Unreadable[]
  readonly threads: Map<string, { readonly nativeThreadId: string; events: number }>
  events: number
}

/** One reading of one recording. */
class Reading {
  readonly report: FileReport = {
    lines: 0,
    mapped: 0,
    kept: 0,
    unreadable: 0,
    unreadableLines: [],
    threads: new Map(),
    events: 0,
  }
  private readonly translator: Translator = makeCodexTranslator({ mode: "imported", recordsClient: true })
  private ingestion: ConnectionIngestion | null = null
  private waiting: Member[] = []
  private nativeOf: string[] = []
  private cuts: readonly Cut[] = []
  private passed = 0
  private key = ""
  private firstAt = 0
  private lastAt = 0
  private lastLine = 0
  private seed = ""
  /** Native threads that the recording names. */
  private readonly natives = new Set<string>()

  constructor(
    private readonly file: string,
    private readonly options: ImportOptions,
    private readonly engine: Effect.Effect.Success<typeof Engine>,
  ) {}

  /** True while the reading is on lines that an earlier one took: what they give is stored already. */
  private get known(): boolean {
    return this.passed < this.cuts.length
  }

  /** The first readable line says which recording this is: the same one again has the same ids. */
  private open(text: string, at: number): Effect.Effect<void, Problem> {
    this.seed = text
    this.firstAt = at
    this.key = `import:${codexAppServer}:${Buffer.from(sha256(text)).toString("hex")}`
    const mint = (what: string): string => mintId(sha256, at, `${codexAppServer}|${what}|${this.seed}`)
    this.ingestion = new ConnectionIngestion({
      connectionId: mint("connection"),
      sourceKind: codexAppServer,
      imported: true,
      threadId: (native) => mint(`thread|${native}`),
      sessionId: (native, ordinal) => mint(`session|${native}|${ordinal}`),
    })
    return Effect.map(this.engine.getMeta(this.key), (stored) => {
      this.cuts = readCuts(stored)
    })
  }

  /** Takes one line of the file. */
  line({ bytes, isTooLong, number, text, whole }: FileLine): Effect.Effect<void, Problem> {
    if (!isTooLong && text.trim() === "") return Effect.void
    this.report.lines += 1
    const parsed = isTooLong ? { problem: `too long: ${bytes} bytes` } : parseRecordingLine(text)
    if ("problem" in parsed) {
      this.report.unreadable += 1
      if (this.report.unreadableLines.length < NAMED_LINES) {
        this.report.unreadableLines.push({ file: this.file, line: number, problem: parsed.problem })
      }
      // A cut last line may be finished later: it is not taken yet.
      if (whole) this.lastLine = number
      return Effect.void
    }
    const opened = this.ingestion === null ? this.open(text, parsed.at) : Effect.void
    return Effect.flatMap(opened, () => {
      this.passCuts(number)
      this.lastAt = parsed.at
      this.lastLine = number
      const { emitted, fate } = this.translator.push(parsed)
      this.report[fate] += 1
      this.take(emitted)
      return this.waiting.length >= (this.options.submitAt ?? SUBMIT_AT) ? this.submit() : Effect.void
    })
  }

  /** Goes through the cuts of earlier readings that lie before a line. */
  private passCuts(number: number): void {
    for (let cut = this.cuts[this.passed]; cut !== undefined && cut.line < number; cut = this.cuts[this.passed]) {
      this.take(cut.open ? this.translator.flush() : this.translator.end(this.lastAt, "recording-ended"))
      this.passed += 1
    }
  }

  private take(emitted: readonly Emitted[]): void {
    if (this.ingestion === null || emitted.length === 0) return
    const members = this.ingestion.members(emitted)
    for (const { scope } of emitted) if (scope.kind === "session") this.natives.add(scope.nativeThreadId)
    if (this.known) return
    members.forEach((member, index) => {
      const scope = emitted[index]?.scope
      const native = scope?.kind === "session" ? scope.nativeThreadId : ""
      if (scope?.kind === "session" && member.event.type === "session.started") {
        this.push(this.importedMember(member, native, scope.session), native)
      }
      this.push(member, native)
    })
  }

  private push(member: Member, native: string): void {
    this.waiting.push(member)
    this.nativeOf.push(native)
  }

  /** Says in the thread's own stream where it came from. */
  private importedMember(member: Member, native: string, ordinal: number): Member {
    return {
      to: { streamId: member.to.streamId, key: threadKey(codexAppServer, native) },
      sessionId: null,
      actor: "import",
      event: {
        type: "thread.imported",
        channel: null,
        seq: null,
        at: member.event.at,
        eventId: mintId(sha256, this.firstAt, `${codexAppServer}|imported|${native}|${ordinal}|${this.seed}`),
        native: { threadId: native },
        payload: { source: codexAppServer, file: basename(this.file) },
      },
    }
  }

  private submit(meta?: Readonly<Record<string, string>>): Effect.Effect<void, Problem> {
    const members = this.waiting
    const natives = this.nativeOf
    this.waiting = []
    this.nativeOf = []
    if (members.length === 0 && meta === undefined) return Effect.void
    return Effect.map(
      this.engine.submit({ members, refuseLive: true, ...(meta === undefined ? {} : { meta }) }),
      ({ results }) => {
        results.forEach(({ sequence, status, streamId }, index) => {
          const nativeThreadId = natives[index] ?? ""
          const stored = sequence !== null && status !== "duplicate"
          if (stored) this.report.events += 1
          if (nativeThreadId === "") return
          const thread = this.report.threads.get(streamId) ?? { nativeThreadId, events: 0 }
          this.report.threads.set(streamId, { ...thread, events: thread.events + (stored ? 1 : 0) })
        })
        this.options.onProgress?.(this.file, this.lastLine, this.report.events)
      },
    )
  }

  /** Names the threads of the recording that gained nothing, too: a person who imports twice wants to see which they are. */
  listThreads(): Effect.Effect<void, Problem> {
    const { threads } = this.report
    return Effect.forEach(
      this.natives,
      (nativeThreadId) =>
        Effect.map(this.engine.getMeta(streamKey(threadKey(codexAppServer, nativeThreadId))), (threadId) => {
          if (threadId !== null && !threads.has(threadId)) threads.set(threadId, { nativeThreadId, events: 0 })
        }),
      { discard: true },
    )
  }

  /** The end of the file: ends the connection unless it is to stay open, and remembers how far this reading came. */
  finish(): Effect.Effect<void, Problem> {
    if (this.ingestion === null) return Effect.void
    this.passCuts(Number.POSITIVE_INFINITY)
    const last = this.cuts.at(-1)
    const leaveOpen = this.options.leaveOpen === true
    const grown = last === undefined || this.lastLine > last.line
    // Nothing new, and the end was told already or is not to be told.
    if (!grown && (leaveOpen || !last.open)) return this.submit()
    this.take(leaveOpen ? this.translator.flush() : this.translator.end(this.lastAt, "recording-ended"))
    return this.submit({ [this.key]: writeCuts([...this.cuts, { line: this.lastLine, open: leaveOpen }]) })
  }
}

const fileProblem = (file: string) => (error: unknown) =>
  error instanceof Problem
    ? error
    : new Problem({
        slug: "recording-not-found",
        detail: `${file}: ${error instanceof Error ? error.message : String(error)}.`,
      })

const readFile = (file: string, options: ImportOptions) =>
  Effect.gen(function* () {
    const reading = new Reading(file, options, yield* Engine)
    yield* Stream.fromAsyncIterable(linesOf(file), fileProblem(file)).pipe(
      Stream.runForEach((line) => reading.line(line)),
    )
    yield* reading.finish()
    yield* reading.listThreads()
    return reading.report
  })

/** What an import led to, without the anomalies of its threads: those are for the projections to tell. */
export interface ImportOutcome extends Omit<ImportReport, "threads"> {
  readonly threads: readonly { readonly threadId: string; readonly nativeThreadId: string; readonly events: number }[]
}

/**
 * Imports recordings, one connection a file, in the order given. The engine is made once every file is known to be a recording,
 * so that a refusal leaves nothing behind, not even an empty log. Fails with `not-a-recording` where a file has no message of Codex
 * about a thread; with `recording-not-found`, `thread-busy` (the thread has a live session) or what the engine fails with; files
 * before the failing one stay imported.
 */
export const importCodexAppServer = (
  options: ImportOptions,
  engine: Layer.Layer<Engine, Problem>,
): Effect.Effect<ImportOutcome, Problem> =>
  requireRecordings(options.files, fileProblem).pipe(
    Effect.zipRight(
      Effect.provide(
        Effect.forEach(options.files, (file) => readFile(file, options)),
        engine,
      ),
    ),
    Effect.map((reports) => {
      const sum = (of: (report: FileReport) => number) => reports.reduce((total, report) => total + of(report), 0)
      const threads = new Map<string, { threadId: string; nativeThreadId: string; events: number }>()
      for (const report of reports) {
        for (const [threadId, { events, nativeThreadId }] of report.threads) {
          const before = threads.get(threadId)
          threads.set(threadId, { threadId, nativeThreadId, events: (before?.events ?? 0) + events })
        }
      }
      return {
        threads: [...threads.values()],
        lines: sum((report) => report.lines),
        mapped: sum((report) => report.mapped),
        kept: sum((report) => report.kept),
        unreadable: sum((report) => report.unreadable),
        unreadableLines: reports.flatMap((report) => report.unreadableLines).slice(0, NAMED_LINES),
        events: sum((report) => report.events),
      }
    }),
  )
