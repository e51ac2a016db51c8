/** The main thread's side of the writer thread: numbered messages out, acknowledgements and commits in. */
import { Worker } from "node:worker_threads"
import { DiskLimits, type FileChange, OpenError } from "@threadfold/event-log"
import { Effect, Schema, type Scope } from "effect"
import { EngineStopped } from "../Errors.js"
import type { Outcome, Submission } from "../Submission.js"
import type { ChangedStream, RowListener, WriterPort } from "../writer/index.js"
import { fromSent, type SentOutcome } from "./SentOutcome.js"

/** A submission under the number that its acknowledgement names. */
export interface NumberedSubmission {
  readonly id: number
  readonly submission: Submission
}

/** What the main thread sends. */
export type ToWriter =
  | { readonly kind: "submit"; readonly submissions: readonly NumberedSubmission[] }
  | { readonly kind: "meta"; readonly id: number; readonly key: string }
  /** Whether commits are to report which rows they changed. */
  | { readonly kind: "watch"; readonly id: number; readonly on: boolean }
  | { readonly kind: "stop" }

const decodeOpenError = Schema.decodeSync(OpenError)

/** What the writer thread sends. */
export type FromWriter =
  /** The database is open. */
  | { readonly kind: "ready" }
  /** It cannot be opened. */
  | { readonly kind: "refused"; readonly error: typeof OpenError.Encoded }
  /** A batch is committed: what became of its submissions. */
  | {
      readonly kind: "committed"
      readonly head: number
      readonly streamIds: readonly string[]
      /** Null: there is no listener. */
      readonly changed: readonly ChangedStream[] | null
      readonly outcomes: readonly { readonly id: number; readonly outcome: SentOutcome }[]
    }
  | { readonly kind: "meta"; readonly id: number; readonly value: string | null }
  /** From this head on, commits report which rows they changed, or no longer do. */
  | { readonly kind: "watching"; readonly id: number; readonly head: number }
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
})
export type WriterThreadOptions = typeof WriterThreadOptions.Type

export interface WriterThread extends WriterPort {
  /** Sets the listener of commits. It is called before the acknowledgements. */
  readonly onCommit: (listener: (head: number, streamIds: readonly string[]) => void) => void
}

const stopped = (message: string): Outcome => ({ ok: false, error: new EngineStopped({ message }) })

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

/** Called once: the writer runs, or why it does not. */
type Started = (error: OpenError | EngineStopped | null) => void

class RunningThread implements WriterThread {
  private readonly worker: Worker
  /**
   * Submissions of this turn of the event loop, in order. They go together: a message to the thread costs a tenth of a millisecond,
   * more than what is in it.
   */
  private outgoing: NumberedSubmission[] = []
  private waiting = new Map<number, (outcome: Outcome) => void>()
  private readonly asked = new Map<number, (answer: Effect.Effect<string | null, EngineStopped>) => void>()
  private readonly watches = new Map<number, (answer: Effect.Effect<number, EngineStopped>) => void>()
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
    if (this.dead !== null) return done(stopped(this.dead))
    const id = this.next++
    this.waiting.set(id, done)
    if (this.outgoing.push({ id, submission }) === 1) setImmediate(() => this.flush())
  }

  getMeta(key: string): Effect.Effect<string | null, EngineStopped> {
    return Effect.async((resume) => {
      if (this.dead !== null) return resume(new EngineStopped({ message: this.dead }))
      const id = this.next++
      this.asked.set(id, resume)
      this.send({ kind: "meta", id, key })
    })
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
    this.flush()
    this.worker.postMessage(message)
  }

  private flush(): void {
    if (this.outgoing.length === 0) return
    const submissions = this.outgoing
    this.outgoing = []
    this.worker.postMessage({ kind: "submit", submissions } satisfies ToWriter)
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
        for (const { id, outcome } of message.outcomes) {
          const done = this.waiting.get(id)
          this.waiting.delete(id)
          done?.(fromSent(outcome))
        }
        // A new map when it is empty: the internal tables of an old one keep its deleted values alive.
        if (this.waiting.size === 0) this.waiting = new Map()
        return
      }
      case "watching": {
        const answer = this.watches.get(message.id)
        this.watches.delete(message.id)
        return answer?.(Effect.succeed(message.head))
      }
      case "meta": {
        const answer = this.asked.get(message.id)
        this.asked.delete(message.id)
        return answer?.(Effect.succeed(message.value))
      }
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
    for (const done of this.waiting.values()) done(stopped(reason))
    const lost = new EngineStopped({ message: reason })
    for (const answer of this.asked.values()) answer(lost)
    for (const answer of this.watches.values()) answer(lost)
    this.watches.clear()
    this.waiting.clear()
    this.asked.clear()
    this.stopped()
    started(lost)
  }
}
