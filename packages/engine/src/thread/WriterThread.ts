/** The main thread's side of the writer thread: numbered messages out, acknowledgements and commits in. */
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads"
import type { TableName } from "@threadfold/contracts"
import { DiskLimits, type FileChange, OpenError } from "@threadfold/event-log"
import type { Replaced } from "@threadfold/projections"
import { Effect, Schema, type Scope } from "effect"
import { EngineFailed, EngineStopped, SubmitError } from "../Errors.js"
import type { PurgeDemand, PurgeState } from "../purge/index.js"
import type { Outcome, Submission } from "../Submission.js"
import type { ChangedStream, RowListener, WriterPort } from "../writer/index.js"
import { type LineToWriter, WriterLine, type WriterToLine } from "./WriterLine.js"

/** What the main thread sends. */
export type ToWriter =
  | LineToWriter
  /** Another thread submits by this port. */
  | { readonly kind: "connect"; readonly port: MessagePort }
  /** Whether commits are to report which rows they changed. */
  | { readonly kind: "watch"; readonly id: number; readonly on: boolean }
  /** Fold a stream again and replace its rows. */
  | { readonly kind: "refold"; readonly id: number; readonly streamId: string; readonly table: TableName | null }
  /** Purge a thread. */
  | ({ readonly kind: "purge"; readonly id: number } & PurgeDemand)
  /** Say how far a purge is. */
  | { readonly kind: "purge-of"; readonly id: number; readonly threadId: string }
  /** Note how far a rebuild is. */
  | { readonly kind: "note-rebuild"; readonly id: number; readonly point: string | null }
  | { readonly kind: "stop" }

/** What became of a call of the upkeep, as it is sent. */
type SentRefold =
  | ({ readonly ok: true } & Replaced)
  | { readonly ok: false; readonly error: typeof SubmitError.Encoded }

/** A purge, or why there is none, as it is sent. */
export type SentPurge =
  | { readonly ok: true; readonly purge: PurgeState | null }
  | { readonly ok: false; readonly error: typeof SubmitError.Encoded }

const decodeSubmitError = Schema.decodeSync(SubmitError)
const decodeOpenError = Schema.decodeSync(OpenError)

/** What the writer thread sends. */
export type FromWriter =
  /** The database is open. */
  | { readonly kind: "ready" }
  /** It cannot be opened. */
  | { readonly kind: "refused"; readonly error: typeof OpenError.Encoded }
  /** A batch is committed: what became of its submissions. */
  | (Extract<WriterToLine, { readonly kind: "committed" }> & {
      readonly head: number
      readonly streamIds: readonly string[]
      /** Null: there is no listener. */
      readonly changed: readonly ChangedStream[] | null
    })
  | Extract<WriterToLine, { readonly kind: "meta" }>
  /** From this head on, commits report which rows they changed, or no longer do. */
  | { readonly kind: "watching"; readonly id: number; readonly head: number }
  /** A call of the upkeep has ended. */
  | { readonly kind: "refolded"; readonly id: number; readonly answer: SentRefold }
  /** A purge has begun, or how far one is. */
  | { readonly kind: "purged"; readonly id: number; readonly answer: SentPurge }
  /** The files of the database are not those that were opened. */
  | { readonly kind: "lost"; readonly change: FileChange }
  /** Everything that was queued is committed and the database is closed. */
  | { readonly kind: "stopped" }

/** What the writer thread is given. */
export const WriterThreadOptions = Schema.Struct({
  /** Path of the database file. */
  file: Schema.String,
  /** Blocks the writer for this long after each commit, ms: a benchmark imitates a slow disk with it. */
  stallAfterCommitMs: Schema.optional(Schema.Number),
  /** When the disk is low and when it is full. */
  disk: Schema.optional(DiskLimits),
  /** What the writer makes the files smaller to: see `AllowedSizes`. */
  sizes: Schema.optional(Schema.instanceOf(SharedArrayBuffer)),
})
export type WriterThreadOptions = typeof WriterThreadOptions.Type

export interface WriterThread extends WriterPort {
  /** Sets the listener of commits. It is called before the acknowledgements. */
  readonly onCommit: (listener: (head: number, streamIds: readonly string[]) => void) => void
}

/**
 * Starts the writer thread on a database whose directory this process owns already. Ends with the scope: what is queued is
 * committed first. When the thread dies, everything that waits for it fails, and so does every later call.
 */
export const startWriterThread = (
  options: WriterThreadOptions,
): Effect.Effect<WriterThread, OpenError | EngineStopped, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<RunningThread, OpenError | EngineStopped>((resume) => {
      const running = new RunningThread(options, (error) =>
        resume(error === null ? Effect.succeed(running) : Effect.fail(error)),
      )
    }),
    (running) => Effect.promise(() => running.stop()),
  )

/** Calls under their numbers; without an error of their own, calls of the upkeep. */
type Waiting<A, E = SubmitError> = Map<number, (answer: Effect.Effect<A, E>) => void>

/** Gives a call its answer. */
const answered = <A, E>(waiting: Waiting<A, E>, id: number, answer: Effect.Effect<A, E>): void => {
  const resume = waiting.get(id)
  waiting.delete(id)
  resume?.(answer)
}

const refused = (error: typeof SubmitError.Encoded): Effect.Effect<never, SubmitError> =>
  Effect.fail(decodeSubmitError(error))

/** Called once: the writer runs, or why it does not. */
type Started = (error: OpenError | EngineStopped | null) => void

class RunningThread implements WriterThread {
  private readonly worker: Worker
  private readonly line = new WriterLine((message) => this.worker.postMessage(message))
  private readonly watches: Waiting<number, EngineStopped> = new Map()
  private readonly refolds: Waiting<Replaced> = new Map()
  private readonly purges: Waiting<PurgeState | null> = new Map()
  private rowListener: RowListener | null = null
  private next = 1
  private dead: string | null = null
  private change: FileChange | null = null
  private listener: (head: number, streamIds: readonly string[]) => void = () => undefined
  private stopped: () => void = () => undefined

  constructor(options: WriterThreadOptions, started: Started) {
    this.worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: options })
    this.worker.on("message", (message: FromWriter) => this.receive(message, started))
    this.worker.on("error", (error) => this.die(error.message, started))
    this.worker.on("exit", () => this.die("the writer thread has ended", started))
  }

  offer(submission: Submission, done: (outcome: Outcome) => void): void {
    this.line.offer(submission, done)
  }

  getMeta(key: string): Effect.Effect<string | null, EngineStopped> {
    return this.line.getMeta(key)
  }

  connect(): MessagePort {
    const { port1, port2 } = new MessageChannel()
    // A thread that has ended takes no port: its sender would wait for ever.
    if (this.dead === null) this.worker.postMessage({ kind: "connect", port: port1 } satisfies ToWriter, [port1])
    else port1.close()
    return port2
  }

  watchRows(listener: RowListener | null): Effect.Effect<number, EngineStopped> {
    return Effect.async((resume) => {
      if (this.dead !== null) return resume(new EngineStopped({ message: this.dead }))
      const id = this.next++
      this.rowListener = listener
      this.watches.set(id, resume)
      this.send({ kind: "watch", id, on: listener !== null })
    })
  }

  refold(streamId: string, table: TableName | null): Effect.Effect<Replaced, SubmitError> {
    return this.upkeep(this.refolds, (id) => ({ kind: "refold", id, streamId, table }))
  }

  noteRebuild(point: string | null): Effect.Effect<void, SubmitError> {
    return Effect.asVoid(this.upkeep(this.refolds, (id) => ({ kind: "note-rebuild", id, point })))
  }

  purge(demand: PurgeDemand): Effect.Effect<PurgeState, SubmitError> {
    const begun = this.upkeep(this.purges, (id) => ({ kind: "purge", id, ...demand }))
    return Effect.flatMap(begun, (purge) =>
      purge === null ? new EngineFailed({ message: "The purge left no tombstone." }) : Effect.succeed(purge),
    )
  }

  purgeOf(threadId: string): Effect.Effect<PurgeState | null, SubmitError> {
    return this.upkeep(this.purges, (id) => ({ kind: "purge-of", id, threadId }))
  }

  /** Not interruptible: what the writer's thread has begun it ends. */
  private upkeep<A>(waiting: Waiting<A>, message: (id: number) => ToWriter): Effect.Effect<A, SubmitError> {
    return Effect.async<A, SubmitError>((resume) => {
      if (this.dead !== null) return resume(new EngineStopped({ message: this.dead }))
      const id = this.next++
      waiting.set(id, resume)
      this.send(message(id))
    }).pipe(Effect.uninterruptible)
  }

  lost(): FileChange | null {
    return this.change
  }

  onCommit(listener: (head: number, streamIds: readonly string[]) => void): void {
    this.listener = listener
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      if (this.dead !== null) return resolve()
      this.stopped = resolve
      this.send({ kind: "stop" })
    })
  }

  /** Sends a message after the submissions that were offered before it. */
  private send(message: ToWriter): void {
    this.line.flush()
    this.worker.postMessage(message)
  }

  private receive(message: FromWriter, started: Started): void {
    switch (message.kind) {
      case "ready":
        return started(null)
      case "refused":
        return started(decodeOpenError(message.error))
      case "committed": {
        this.listener(message.head, message.streamIds)
        if (message.changed !== null) this.rowListener?.(message.head, message.changed)
        return this.line.receive(message)
      }
      case "watching":
        return answered(this.watches, message.id, Effect.succeed(message.head))
      case "refolded": {
        const { answer, id } = message
        return answered(this.refolds, id, answer.ok ? Effect.succeed(answer) : refused(answer.error))
      }
      case "purged": {
        const { answer, id } = message
        return answered(this.purges, id, answer.ok ? Effect.succeed(answer.purge) : refused(answer.error))
      }
      case "meta":
        return this.line.receive(message)
      case "lost":
        this.change = message.change
        return
      case "stopped":
        return this.stopped()
    }
  }

  private die(reason: string, started: Started): void {
    if (this.dead !== null) return
    this.dead = reason
    this.line.die(reason)
    const lost = new EngineStopped({ message: reason })
    for (const answer of this.watches.values()) answer(lost)
    for (const answer of this.refolds.values()) answer(lost)
    for (const answer of this.purges.values()) answer(lost)
    this.watches.clear()
    this.refolds.clear()
    this.purges.clear()
    this.stopped()
    started(lost)
  }
}
