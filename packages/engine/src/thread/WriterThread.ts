/** The main thread's side of the writer thread: numbered messages out, acknowledgements and commits in. */
import { Worker } from "node:worker_threads"
import { Problem } from "@threadfold/contracts"
import { DiskLimits, type FileChange } from "@threadfold/event-log"
import { Effect, Schema, type Scope } from "effect"
import type { Outcome, Submission } from "../Submission.js"
import type { WriterPort } from "../writer/index.js"

/** What the main thread sends. */
export type ToWriter =
  | { readonly kind: "submit"; readonly id: number; readonly submission: Submission }
  | { readonly kind: "meta"; readonly id: number; readonly key: string }
  | { readonly kind: "stop" }

/** What the writer thread sends. */
export type FromWriter =
  /** The database is open. */
  | { readonly kind: "ready" }
  /** It cannot be opened. */
  | { readonly kind: "refused"; readonly slug: Problem["slug"]; readonly detail: string }
  /** A batch is committed: what became of its submissions. */
  | {
      readonly kind: "committed"
      readonly head: number
      readonly streamIds: readonly string[]
      readonly outcomes: readonly { readonly id: number; readonly outcome: Outcome }[]
    }
  | { readonly kind: "meta"; readonly id: number; readonly value: string | null }
  /** The files of the database are not those that were opened. */
  | { readonly kind: "lost"; readonly change: FileChange }
  /** Everything that was queued is committed and the database is closed. */
  | { readonly kind: "stopped" }

/** What the writer thread is given. */
export const WriterThreadOptions = Schema.Struct({
  /** Path of the database file. */
  file: Schema.String,
  /** Blocks the writer for so long after each commit, ms: how a benchmark plays a slow disk. */
  stallAfterCommitMs: Schema.optional(Schema.Number),
  /** When the disk is low and when it is full. */
  disk: Schema.optional(DiskLimits),
})
export type WriterThreadOptions = typeof WriterThreadOptions.Type

export interface WriterThread extends WriterPort {
  /** Sets who is told of every commit, before its acknowledgements are given out. */
  readonly onCommit: (listener: (head: number, streamIds: readonly string[]) => void) => void
}

const unavailable = (detail: string): Outcome => ({ ok: false, slug: "unavailable", detail })

/**
 * Starts the writer thread on a database whose directory this process owns already. Ends with the scope: what is
 * queued is committed first. A thread that dies fails everything that waits for it, and everything after.
 */
export const startWriterThread = (options: WriterThreadOptions): Effect.Effect<WriterThread, Problem, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<RunningThread, Problem>((resume) => {
      const running = new RunningThread(options, (problem) =>
        resume(problem === null ? Effect.succeed(running) : Effect.fail(problem)),
      )
    }),
    (running) => Effect.promise(() => running.stop()),
  )

class RunningThread implements WriterThread {
  private readonly worker: Worker
  private waiting = new Map<number, (outcome: Outcome) => void>()
  private readonly asked = new Map<number, (answer: Effect.Effect<string | null, Problem>) => void>()
  private next = 1
  private dead: string | null = null
  private change: FileChange | null = null
  private listener: (head: number, streamIds: readonly string[]) => void = () => undefined
  private stopped: () => void = () => undefined

  constructor(options: WriterThreadOptions, started: (problem: Problem | null) => void) {
    this.worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: options })
    this.worker.on("message", (message: FromWriter) => this.receive(message, started))
    this.worker.on("error", (error) => this.die(error.message, started))
    this.worker.on("exit", () => this.die("the writer thread has ended", started))
  }

  offer(submission: Submission, done: (outcome: Outcome) => void): void {
    if (this.dead !== null) return done(unavailable(this.dead))
    const id = this.next++
    this.waiting.set(id, done)
    this.send({ kind: "submit", id, submission })
  }

  getMeta(key: string): Effect.Effect<string | null, Problem> {
    return Effect.async((resume) => {
      if (this.dead !== null) return resume(Effect.fail(new Problem({ slug: "unavailable", detail: this.dead })))
      const id = this.next++
      this.asked.set(id, resume)
      this.send({ kind: "meta", id, key })
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

  private send(message: ToWriter): void {
    this.worker.postMessage(message)
  }

  private receive(message: FromWriter, started: (problem: Problem | null) => void): void {
    switch (message.kind) {
      case "ready":
        return started(null)
      case "refused":
        return started(new Problem({ slug: message.slug, detail: message.detail }))
      case "committed": {
        this.listener(message.head, message.streamIds)
        for (const { id, outcome } of message.outcomes) {
          const done = this.waiting.get(id)
          this.waiting.delete(id)
          done?.(outcome)
        }
        // A new map now and then: the tables that a busy one leaves behind hold on to what was in them.
        if (this.waiting.size === 0) this.waiting = new Map()
        return
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

  private die(reason: string, started: (problem: Problem | null) => void): void {
    if (this.dead !== null) return
    this.dead = reason
    for (const done of this.waiting.values()) done(unavailable(reason))
    const lost = new Problem({ slug: "unavailable", detail: reason })
    for (const answer of this.asked.values()) answer(Effect.fail(lost))
    this.waiting.clear()
    this.asked.clear()
    this.stopped()
    started(lost)
  }
}
