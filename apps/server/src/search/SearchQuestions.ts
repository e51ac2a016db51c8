/** Follows the log with the search index, a short step at a time, and answers questions between two steps. */
import { Problem } from "@threadfold/contracts/problem"
import type { PriceTable } from "@threadfold/core/model"
import { databaseFile, isDamage, removeDatabase } from "@threadfold/event-log"
import {
  openReadSql,
  SearchIndex,
  type SearchQuery,
  searchFile,
  type UsageSumsQuery,
  usageSums,
} from "@threadfold/projections"
import { Cause, Effect, Exit, Scope } from "effect"
import { toProblem } from "../problems/toProblem.js"

export type SearchQuestion =
  /** `reached`: the sequence that the index must have; null: as it is. */
  | { readonly kind: "search"; readonly query: SearchQuery; readonly reached: number | null }
  | { readonly kind: "usage"; readonly query: UsageSumsQuery; readonly prices: PriceTable }

/** What the thread is started with. */
export interface SearchThreadData {
  /** The data directory. */
  readonly directory: string
}

export type ToSearchThread =
  | { readonly kind: "ask"; readonly id: number; readonly question: SearchQuestion }
  /** Its caller has gone. */
  | { readonly kind: "drop"; readonly id: number }
  /** The log has grown. */
  | { readonly kind: "grown" }

export type FromSearchThread =
  | { readonly kind: "answer"; readonly id: number; readonly answer: unknown }
  | { readonly kind: "failed"; readonly id: number; readonly slug: Problem["slug"]; readonly detail: string }
  /** The index has the log up to here. */
  | { readonly kind: "indexed"; readonly watermark: number }

/** For how long a search waits for the index, ms. */
const waitMs = 5_000

/** Events that a search catches up with before it answers, where they are so few. */
const fewEvents = 2_000

/** How long a step that failed waits for the next, ms. */
const retryMs = 1_000

interface Waiting {
  readonly question: Extract<SearchQuestion, { readonly kind: "search" }>
  readonly until: number
}

export interface SearchQuestionsOptions {
  readonly directory: string
  /** Time that passes, ms. */
  readonly now: () => number
  /** True: a search first brings the index up to the log; steps are taken for nothing else. */
  readonly onDemand: boolean
}

export class SearchQuestions {
  private index: SearchIndex | null = null
  private readonly waiting = new Map<number, Waiting>()
  private readonly scope = Effect.runSync(Scope.make())
  private sql: Effect.Effect.Success<ReturnType<typeof openReadSql>> | null = null
  private timer: NodeJS.Timeout | null = null
  private isClosed = false
  /** The watermark that was told last; -1: none. */
  private told = -1

  constructor(
    private readonly options: SearchQuestionsOptions,
    private readonly send: (message: FromSearchThread) => void,
  ) {
    if (!options.onDemand) this.later(0)
  }

  take(message: ToSearchThread): void {
    switch (message.kind) {
      case "grown":
        return this.later(0)
      case "drop":
        this.waiting.delete(message.id)
        return
      case "ask":
        return this.ask(message.id, message.question)
    }
  }

  close(): void {
    this.isClosed = true
    if (this.timer !== null) clearTimeout(this.timer)
    this.index?.close()
    this.index = null
    Effect.runSync(Scope.close(this.scope, Exit.void))
  }

  private ask(id: number, question: SearchQuestion): void {
    this.answering(id, () => {
      if (question.kind === "usage") return this.answer(id, this.usage(question))
      const { head, watermark } = this.options.onDemand ? this.caughtUp() : this.nearlyCaughtUp()
      if (question.reached !== null && watermark < Math.min(question.reached, head)) {
        this.waiting.set(id, { question, until: this.options.now() + waitMs })
        return this.later(0)
      }
      this.answer(id, this.opened().search(question.query))
    })
  }

  /** Runs `body`; what it throws is the answer. */
  private answering(id: number, body: () => void): void {
    try {
      body()
    } catch (error) {
      this.recover(error)
      const problem =
        error instanceof Problem
          ? error
          : new Problem({
              slug: "unavailable",
              detail: `The search failed: ${error instanceof Error ? error.message : error}.`,
            })
      this.send({ kind: "failed", id, slug: problem.slug, detail: problem.detail })
    }
  }

  private answer(id: number, answer: unknown): void {
    this.send({ kind: "answer", id, answer })
  }

  private opened(): SearchIndex {
    const { directory, now } = this.options
    this.index ??= new SearchIndex({ database: databaseFile(directory), file: searchFile(directory), now })
    return this.index
  }

  /** One step of the index, which is told where it went on. */
  private step() {
    const state = this.opened().step()
    if (state.watermark !== this.told) {
      this.told = state.watermark
      this.send({ kind: "indexed", watermark: state.watermark })
    }
    return state
  }

  private caughtUp() {
    let state = this.step()
    while (state.watermark < state.head) state = this.step()
    return state
  }

  private nearlyCaughtUp() {
    const state = this.opened().state()
    const behind = state.head - state.watermark
    return behind > 0 && behind <= fewEvents ? this.step() : state
  }

  private usage({ prices, query }: Extract<SearchQuestion, { readonly kind: "usage" }>): unknown {
    this.sql ??= Effect.runSync(Scope.extend(openReadSql(databaseFile(this.options.directory)), this.scope))
    return Exit.getOrElse(
      Effect.runSyncExit(Effect.mapError(usageSums(this.sql, query, prices), toProblem)),
      (cause) => {
        throw Cause.squash(cause)
      },
    )
  }

  private later(ms: number): void {
    if (this.isClosed || this.options.onDemand || this.timer !== null) return
    this.timer = setTimeout(() => {
      this.timer = null
      this.follow()
    }, ms)
  }

  private follow(): void {
    try {
      const began = this.options.now()
      const { head, watermark } = this.step()
      this.answerWaiting(watermark, head)
      // As long a pause as the step was: half of a processor at most.
      if (watermark < head || this.waiting.size > 0) this.later(Math.ceil(this.options.now() - began))
    } catch (error) {
      this.recover(error)
      this.later(retryMs)
    }
  }

  private answerWaiting(watermark: number, head: number): void {
    for (const [id, { question, until }] of this.waiting) {
      const isThere = question.reached === null || watermark >= Math.min(question.reached, head)
      if (!isThere && this.options.now() < until) continue
      this.waiting.delete(id)
      if (isThere) this.answering(id, () => this.answer(id, this.opened().search(question.query)))
      else {
        const detail = `Sequence ${question.reached} was asked for; the index is at ${watermark}.`
        this.send({ kind: "failed", id, slug: "range-not-reached", detail })
      }
    }
  }

  /** An index that cannot be read is made again. */
  private recover(error: unknown): void {
    if (!isDamage(error)) return
    this.index?.close()
    this.index = null
    removeDatabase(searchFile(this.options.directory))
    this.later(retryMs)
  }
}
