/**
 * The past of a thread, on the side of the page: it reads the thread's events from the server, hands them to the worker, and asks the
 * worker about moments. What the worker has not folded yet is asked of the server, so that a moment of a long thread shows at once.
 */
import type { ThreadPage } from "@threadfold/contracts/api"
import { type Api, type CallOptions, type Page, pathWith, type QueryValue } from "../api/Api.js"
import { asProblem, type PageProblem, problemOf } from "../api/PageProblem.js"
import { readWholeText } from "../api/wholeText.js"
import { entryOf } from "../format/format.js"
import { ValueStore } from "../live/KeyedStore.js"
import { PageWorker } from "../worker/PageWorker.js"
import { EventLine } from "./EventLine.js"
import type { PastAnswer, PastAsk, PastDiff, PastList, PastStep, PastTimeline } from "./pastMessages.js"

/** How far the events are read. */
export interface PastProgress {
  readonly count: number
  /** Every event that the log had was read. */
  readonly done: boolean
  readonly problem: PageProblem | null
}

/** The most that a page of events holds. */
const pageLimit = 500

/** The lists of a thread by the last part of their path. */
const lists: Readonly<Record<string, PastList>> = {
  turns: "turns",
  items: "items",
  requests: "requests",
  inferences: "inferences",
  realtime: "realtimeRuns",
  delegations: "delegations",
  tasks: "tasks",
  queue: "queue",
  anomalies: "anomalies",
}

const isPastCursor = (cursor: QueryValue): cursor is string => typeof cursor === "string" && cursor.startsWith("past:")

/** What is used of a worker. */
type Asked = Pick<PageWorker, "ask" | "end">

type ApiReads = Pick<Api, "fetch" | "get">

const aborted = (): DOMException => new DOMException("Another moment is asked for by now.", "AbortError")

export class PastReader {
  readonly line = new EventLine()
  readonly progress = new ValueStore<PastProgress>({ count: 0, done: false, problem: null })
  readonly #ended = new AbortController()
  /** Sequence of the last event that is read; 0: none. */
  #after = 0
  #reading = false
  /** The thread has grown since a page was asked for. */
  #again = false
  /** What the worker held is gone, or not to be relied on. */
  #workerFailed = false
  /** The worker answers one question after another: who asks waits here, and may give up meanwhile. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly api: ApiReads,
    readonly threadId: string,
    private readonly worker: Asked = new PageWorker("past"),
  ) {}

  /** Reads the events that are not read yet. Called again where the thread has grown. */
  readonly read = (): void => {
    if (this.#ended.signal.aborted) return
    if (this.#reading) {
      this.#again = true
      return
    }
    this.#reading = true
    if (this.#workerFailed) this.#beginAnew()
    this.#show({ problem: null })
    this.#readAll().then(
      () => this.#stopped(null),
      (error: unknown) => this.#stopped(asProblem(error)),
    )
  }

  /** Ends the worker. */
  readonly close = (): void => {
    this.#ended.abort()
    this.worker.end()
  }

  /** Whether the worker has every event up to a sequence. */
  knows(sequence: number): boolean {
    return this.line.count > 0 && (sequence <= this.#after || this.progress.get().done)
  }

  /** The calls of the API that tell of a moment, answered by the worker where it can. */
  readonly get = <A>(
    path: string,
    query: Readonly<Record<string, QueryValue>> = {},
    options: CallOptions = {},
  ): Promise<A> => {
    const { at, cursor, limit } = query
    const own = `/v1/threads/${encodeURIComponent(this.threadId)}`
    const isMoment = typeof at === "number" && typeof limit === "number" && path.startsWith(own)
    const list = entryOf(lists, path.slice(own.length + 1))
    const isFirst = cursor === undefined || cursor === null
    if (isMoment && this.knows(at) && this.line.placeOf(at) > 0) {
      if (path === own && isFirst) return this.#thread({ kind: "thread", at, limit }, options) as Promise<A>
      if (list !== undefined && isPastCursor(cursor)) {
        return this.#list({ kind: "list", list, at, limit, cursor }, options) as Promise<A>
      }
    }
    return this.api.get<A>(path, query, options)
  }

  /** The event of a moment, and what it changed; null: the worker does not know it yet. */
  async step(at: number, options: CallOptions = {}): Promise<PastStep | null> {
    if (!this.knows(at) || this.line.placeOf(at) === 0) return null
    return this.#ask("step", { kind: "step", at }, options)
  }

  /** What differs between two moments; null: the worker does not know them yet. */
  async diff(from: number, to: number, options: CallOptions = {}): Promise<PastDiff | null> {
    if (!this.knows(Math.max(from, to))) return null
    return this.#ask("diff", { kind: "diff", from, to }, options)
  }

  /** The rows of the thread as they lie in time, as far as it is read. */
  timeline(options: CallOptions = {}): Promise<PastTimeline> {
    return this.#ask("timeline", { kind: "timeline" }, options)
  }

  async #thread(ask: PastAsk, options: CallOptions): Promise<ThreadPage> {
    return (await this.#ask("thread", ask, options)).page
  }

  async #list(ask: PastAsk, options: CallOptions): Promise<Page<unknown>> {
    return (await this.#ask("list", ask, options)).page
  }

  /** Asks the worker, once it has answered all before. Who has given up by then is not asked for. */
  #ask<K extends PastAnswer["kind"]>(
    kind: K,
    ask: PastAsk,
    { signal }: CallOptions,
  ): Promise<PastAnswer & { kind: K }> {
    const work = async (): Promise<PastAnswer & { kind: K }> => {
      for (;;) {
        if (signal?.aborted === true || this.#ended.signal.aborted) throw aborted()
        const answer = await this.#send(ask)
        if (isOfKind(answer, kind)) return answer
        if (answer.kind !== "missing") throw new Error(`The worker answered ${answer.kind} where ${kind} was asked.`)
        await this.#give(answer.after)
      }
    }
    const turn = this.#turn.then(work, work)
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  /** The worker is built with the page: what it answers has the shape that both know. */
  async #send(ask: PastAsk, transfer: Transferable[] = []): Promise<PastAnswer> {
    try {
      return (await this.worker.ask(ask, transfer)) as PastAnswer
    } catch (error) {
      // It has no state that could be gone on from: all is read again when a person asks for it.
      this.#workerFailed = true
      if (!this.#ended.signal.aborted) this.#show({ problem: asProblem(error) })
      throw error
    }
  }

  #beginAnew(): void {
    this.#workerFailed = false
    this.worker.end()
    this.#after = 0
    this.line.clear()
    this.progress.set({ count: 0, done: false, problem: null })
  }

  async #readAll(): Promise<void> {
    for (;;) {
      this.#again = false
      // The next page is on its way while the worker folds the last one.
      let bytes: Promise<ArrayBuffer> | null = this.#page(this.#after)
      while (bytes !== null) {
        const added = await this.#add(await bytes)
        bytes = null
        if (added.last === null) break
        this.#after = added.last
        this.line.take(added.columns)
        bytes = this.#page(added.last)
        // Where the worker fails first, the page fails with it, and nobody else waits for it.
        bytes.catch(() => undefined)
        this.#show({ count: this.line.count })
      }
      if (!this.#again) return
    }
  }

  async #page(after: number): Promise<ArrayBuffer> {
    const path = `/v1/threads/${encodeURIComponent(this.threadId)}/events`
    const answer = await this.api.fetch(pathWith(path, { after: String(after), limit: pageLimit }), {
      headers: { accept: "application/json" },
      signal: this.#ended.signal,
    })
    if (!answer.ok) throw await problemOf(answer)
    return answer.arrayBuffer()
  }

  /** Gives the worker a page, with the texts that the page has cut. */
  #add(page: ArrayBuffer): Promise<PastAnswer & { kind: "added" }> {
    const work = () => this.#addNow(page)
    const turn = this.#turn.then(work, work)
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  async #addNow(page: ArrayBuffer): Promise<PastAnswer & { kind: "added" }> {
    let added = await this.#send({ kind: "add", threadId: this.threadId, page }, [page])
    if (isOfKind(added, "added") && added.cut.length > 0) {
      const payloads: { sequence: number; payload: string }[] = []
      for (const { href, sequence } of added.cut) {
        // A part of it would be folded to something else.
        const { text } = await readWholeText(this.api, href, { signal: this.#ended.signal }, Number.POSITIVE_INFINITY)
        payloads.push({ sequence, payload: text })
      }
      added = await this.#send({ kind: "payloads", payloads })
    }
    if (!isOfKind(added, "added")) throw new Error(`The worker answered ${added.kind} to a page of events.`)
    return added
  }

  /** Reads a page again that the worker has let go. */
  async #give(after: number): Promise<void> {
    await this.#addNow(await this.#page(after))
  }

  #stopped(problem: PageProblem | null): void {
    this.#reading = false
    if (this.#ended.signal.aborted) return
    this.#show({ count: this.line.count, done: problem === null, problem })
  }

  #show(part: Partial<PastProgress>): void {
    this.progress.set({ ...this.progress.get(), ...part })
  }
}

const isOfKind = <K extends PastAnswer["kind"]>(answer: PastAnswer, kind: K): answer is PastAnswer & { kind: K } =>
  answer.kind === kind
