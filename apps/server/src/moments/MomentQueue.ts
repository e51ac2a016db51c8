/**
 * Questions in the order of their coming, in short slices: a thread that is folded for the first time delays no question about another
 * one. Of one thread one question is answered at a time, because a look at another moment ends the one before.
 */
import { Problem } from "@threadfold/contracts/problem"
import { isDamage } from "@threadfold/event-log"
import type { MomentReader } from "./MomentReader.js"
import type { FromMomentThread, MomentAnswer, MomentQuestion, ToMomentThread } from "./momentProtocol.js"

/** How long a slice lasts, ms: then the next question has its turn. */
const sliceMs = 10

interface Asked {
  readonly id: number
  readonly question: MomentQuestion
  /** Null: it has not begun. */
  steps: Generator<void, MomentAnswer> | null
}

/** What went wrong, for the caller. */
const failure = (id: number, error: unknown): FromMomentThread =>
  error instanceof Problem
    ? { kind: "failed", id, slug: error.slug, detail: error.detail }
    : {
        kind: "failed",
        id,
        slug: isDamage(error) ? "database-damaged" : "unavailable",
        detail: `The thread could not be read: ${error instanceof Error ? error.message : String(error)}.`,
      }

export class MomentQueue {
  private waiting: Asked[] = []
  private isRunning = false
  private isClosed = false
  private reader: MomentReader | null = null

  constructor(
    /** Opens the database, at the first question. */
    private readonly open: () => MomentReader,
    private readonly send: (message: FromMomentThread) => void,
  ) {}

  take(message: ToMomentThread): void {
    switch (message.kind) {
      case "ask":
        return this.ask(message.id, message.question)
      case "drop":
        return this.drop(message.id)
      case "forget":
        return this.forget(message.threadId)
    }
  }

  private forget(threadId: string): void {
    // What is being looked at is gone: such a question begins anew, and is told so.
    for (const asked of this.waiting) {
      if (asked.question.threadId !== threadId) continue
      asked.steps?.return({ json: "", sequence: 0 })
      asked.steps = null
    }
    try {
      this.reader?.forget(threadId)
    } catch {
      // The writer removes the file, too, and tries again until it is gone.
    }
  }

  ask(id: number, question: MomentQuestion): void {
    this.waiting.push({ id, question, steps: null })
    this.run()
  }

  /** The caller of a question has gone. */
  drop(id: number): void {
    const asked = this.waiting.find((one) => one.id === id)
    if (asked === undefined) return
    this.waiting = this.waiting.filter((one) => one !== asked)
    asked.steps?.return({ json: "", sequence: 0 })
  }

  close(): void {
    this.isClosed = true
    this.waiting = []
    this.reader?.close()
    this.reader = null
  }

  private run(): void {
    if (this.isRunning || this.isClosed) return
    this.isRunning = true
    // Between two slices this thread hears what else is asked.
    setImmediate(() => {
      this.isRunning = false
      if (this.isClosed) return
      this.slice()
      if (this.waiting.length > 0) this.run()
    })
  }

  /** The oldest question of a thread of which none is older. */
  private next(): Asked | undefined {
    return this.waiting.find(
      (one, at) => this.waiting.findIndex(({ question }) => question.threadId === one.question.threadId) === at,
    )
  }

  private slice(): void {
    const asked = this.next()
    if (asked === undefined) return
    const until = performance.now() + sliceMs
    try {
      this.reader ??= this.open()
      asked.steps ??= this.reader.answer(asked.question)
      for (;;) {
        const step = asked.steps.next()
        if (step.done === true) {
          this.leave(asked)
          this.send({ kind: "answer", id: asked.id, answer: step.value })
          return
        }
        if (performance.now() >= until) break
      }
      // The others come first now, but for later questions about the same thread.
      this.leave(asked)
      const { threadId } = asked.question
      const later = this.waiting.findIndex(({ question }) => question.threadId === threadId)
      if (later === -1) this.waiting.push(asked)
      else this.waiting.splice(later, 0, asked)
    } catch (error) {
      this.leave(asked)
      this.send(failure(asked.id, error))
    }
  }

  private leave(asked: Asked): void {
    this.waiting = this.waiting.filter((one) => one !== asked)
  }
}
