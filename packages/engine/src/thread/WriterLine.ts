/**
 * Submissions to the writer thread over a message port: numbered messages out, their outcomes in. The main thread has such a line, and
 * so has every worker thread that submits by itself ({@link openWriterLine}).
 */
import type { MessagePort } from "node:worker_threads"
import { Effect, type Scope } from "effect"
import { EngineStopped, type SubmitError } from "../Errors.js"
import type { Acknowledged, EngineWriter, Outcome, Submission } from "../Submission.js"
import { fromSent, type SentOutcome } from "./SentOutcome.js"
import { type SentSubmission, submissionToSent } from "./SentSubmission.js"

/** A submission under the number that its acknowledgement names. */
type NumberedSubmission = readonly [id: number, submission: SentSubmission]

/** What a line sends. */
export type LineToWriter =
  | { readonly kind: "submit"; readonly submissions: readonly NumberedSubmission[] }
  | { readonly kind: "meta"; readonly id: number; readonly key: string }

/** An outcome under the number of its submission. */
export type NumberedOutcome = readonly [id: number, outcome: SentOutcome]

/** What a line gets. */
export type WriterToLine =
  | { readonly kind: "committed"; readonly outcomes: readonly NumberedOutcome[] }
  | { readonly kind: "meta"; readonly id: number; readonly value: string | null }

const stopped = (message: string): Outcome => ({ ok: false, error: new EngineStopped({ message }) })

/** So many answers let a map of those that wait be replaced by a new one. */
const ANSWERED = 64

/** What waits for the writer thread. */
export class WriterLine {
  /**
   * Submissions of this turn of the event loop, in order. They go together: a message to the thread costs a tenth of a millisecond,
   * more than what is in it.
   */
  private outgoing: NumberedSubmission[] = []
  private waiting = new Map<number, (outcome: Outcome) => void>()
  /** How many have left the map. */
  private answered = 0
  private readonly asked = new Map<number, (answer: Effect.Effect<string | null, EngineStopped>) => void>()
  private next = 1
  private dead: string | null = null

  constructor(private readonly post: (message: LineToWriter) => void) {}

  offer(submission: Submission, done: (outcome: Outcome) => void): void {
    if (this.dead !== null) return done(stopped(this.dead))
    const id = this.next++
    this.waiting.set(id, done)
    if (this.outgoing.push([id, submissionToSent(submission)]) === 1) setImmediate(() => this.flush())
  }

  getMeta(key: string): Effect.Effect<string | null, EngineStopped> {
    return Effect.async((resume) => {
      if (this.dead !== null) return resume(new EngineStopped({ message: this.dead }))
      const id = this.next++
      this.asked.set(id, resume)
      this.flush()
      this.post({ kind: "meta", id, key })
    })
  }

  /** Sends what was offered. */
  flush(): void {
    if (this.outgoing.length === 0) return
    const submissions = this.outgoing
    this.outgoing = []
    this.post({ kind: "submit", submissions })
  }

  receive(message: WriterToLine): void {
    if (message.kind === "meta") {
      const answer = this.asked.get(message.id)
      this.asked.delete(message.id)
      return answer?.(Effect.succeed(message.value))
    }
    for (const [id, outcome] of message.outcomes) {
      const done = this.waiting.get(id)
      this.waiting.delete(id)
      done?.(fromSent(outcome))
    }
    this.answered += message.outcomes.length
    if (this.waiting.size > 0 || this.answered < ANSWERED) return
    // A new map now and then: the internal tables of an old one keep its deleted values alive.
    this.waiting = new Map()
    this.answered = 0
  }

  /** Fails all that waits, and every later call. */
  die(reason: string): void {
    if (this.dead !== null) return
    this.dead = reason
    for (const done of this.waiting.values()) done(stopped(reason))
    for (const answer of this.asked.values()) answer(new EngineStopped({ message: reason }))
    this.waiting.clear()
    this.asked.clear()
  }
}

/** Commits a submission. Not interruptible: the writer commits what it has taken, and the caller gets the acknowledgement. */
export const commitThrough = (
  writer: Pick<WriterLine, "offer">,
  submission: Submission,
): Effect.Effect<Acknowledged, SubmitError> =>
  Effect.async<Acknowledged, SubmitError>((resume) => {
    writer.offer(submission, (outcome) => resume(outcome.ok ? Effect.succeed(outcome) : Effect.fail(outcome.error)))
  }).pipe(Effect.uninterruptible)

/**
 * The writer thread as another worker thread reaches it, by a port of `EngineService.openPort`, for the life of the scope. What is
 * submitted goes from thread to thread, without a way through the main thread; its sender waits for each acknowledgement, as
 * nothing here bounds how much is queued.
 */
export const openWriterLine = (port: MessagePort): Effect.Effect<EngineWriter, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const line = new WriterLine((message) => port.postMessage(message))
      port.on("message", (message: WriterToLine) => line.receive(message))
      port.on("close", () => line.die("the writer thread has ended"))
      return {
        submit: (submission: Submission) => commitThrough(line, submission),
        getMeta: (key: string) => line.getMeta(key),
      }
    }),
    () => Effect.sync(() => port.close()),
  )
