/**
 * The questions of agents that are shown, as they change, and the answers that this page gives. The first answer wins: one that comes
 * later is told what was decided.
 */
import type { RequestDetail } from "@threadfold/contracts"
import type { RowChanges } from "@threadfold/contracts/api"
import { type Api, isProblemOf, newKey } from "../api/Api.js"
import { asProblem, PageProblem } from "../api/PageProblem.js"
import { mostBytes, readWholeText } from "../api/wholeText.js"
import { bytes } from "../format/format.js"
import { changesOf, type FeedListener } from "../live/Feed.js"
import { KeyedStore } from "../live/KeyedStore.js"
import type { PageServices } from "../shell/PageContext.js"

/** What became of the answer that this page gave. */
export type Answer =
  | { readonly kind: "sending"; readonly decision: string }
  /** The server has it; the agent gets it. */
  | { readonly kind: "taken"; readonly decision: string }
  /** Another answer was first, or the question has ended. */
  | { readonly kind: "late"; readonly decision: string; readonly problem: PageProblem }
  /** It was not taken; the question is still open. */
  | { readonly kind: "refused"; readonly decision: string; readonly problem: PageProblem }

/** A question, or why it cannot be shown. Until it is whole, its fields and choices are not known: nobody can answer it. */
export type Shown = { readonly request: RequestDetail; readonly isWhole: boolean } | { readonly problem: PageProblem }

export class Requests implements FeedListener {
  readonly shown = new KeyedStore<Shown>()
  readonly answers = new KeyedStore<Answer>()
  readonly #wanted = new Map<string, number>()
  readonly #reading = new Map<string, { again: boolean }>()
  /** The key of the last press: one whose answer got lost is sent again under the same. */
  readonly #keys = new Map<string, { readonly body: string; readonly key: string }>()

  constructor(private readonly api: Pick<Api, "get" | "command">) {}

  /** Keeps a question up to date until the function that is returned is called. */
  want(requestId: string): () => void {
    const count = this.#wanted.get(requestId) ?? 0
    this.#wanted.set(requestId, count + 1)
    if (count === 0) void this.#read(requestId)
    return () => {
      const left = (this.#wanted.get(requestId) ?? 1) - 1
      if (left > 0) this.#wanted.set(requestId, left)
      else this.#wanted.delete(requestId)
    }
  }

  readonly restarted = (): void => {
    for (const requestId of this.#wanted.keys()) void this.#read(requestId)
  }

  readonly changed = (changes: RowChanges): void => {
    for (const change of changesOf("requests", changes)) {
      const requestId = change.kind === "put" ? change.row.requestId : String(change.key[0])
      if (this.#wanted.has(requestId)) void this.#read(requestId)
    }
  }

  /** Gives an answer, and tells what became of it. */
  readonly answer = async (requestId: string, decision: string, data?: unknown): Promise<Answer> => {
    if (this.answers.get(requestId)?.kind === "sending") return { kind: "sending", decision }
    this.answers.set(requestId, { kind: "sending", decision })
    const answer = await this.#send(requestId, decision, data)
    // Until the question is read again it would look open.
    await this.#read(requestId)
    this.answers.set(requestId, answer)
    return answer
  }

  async #send(requestId: string, decision: string, data: unknown): Promise<Answer> {
    const body = { decision, ...(data === undefined ? {} : { data }) }
    const text = JSON.stringify(body)
    const last = this.#keys.get(requestId)
    const key = last?.body === text ? last.key : newKey()
    this.#keys.set(requestId, { body: text, key })
    try {
      await this.api.command(`/v1/requests/${encodeURIComponent(requestId)}/respond`, body, { key })
      return { kind: "taken", decision }
    } catch (error) {
      const problem = asProblem(error)
      // A refusal is remembered under its key; the same press later is another call.
      if (!problem.mayPass) this.#keys.delete(requestId)
      return { kind: isProblemOf(error, "request-ended") ? "late" : "refused", decision, problem }
    }
  }

  /** Reads a question; a change that comes meanwhile has it read once more. */
  async #read(requestId: string): Promise<void> {
    const running = this.#reading.get(requestId)
    if (running !== undefined) {
      running.again = true
      return
    }
    const reading = { again: false }
    this.#reading.set(requestId, reading)
    do {
      reading.again = false
      try {
        const request: RequestDetail = await this.api.get(`/v1/requests/${encodeURIComponent(requestId)}`)
        const isCut = request.truncated?.data !== undefined
        if (isCut && this.#wholeOf(requestId) === null) this.#put(requestId, { request, isWhole: false })
        this.#put(requestId, { request: await this.#readRest(request), isWhole: true })
      } catch (error) {
        const problem = asProblem(error)
        // What was read before stays where the server is away for a moment.
        if (!problem.mayPass || this.#wholeOf(requestId) === null) this.#put(requestId, { problem })
      }
    } while (reading.again)
    this.#reading.delete(requestId)
  }

  /** A question as it was read last, all of it; null: it was not. */
  #wholeOf(requestId: string): RequestDetail | null {
    const known = this.shown.get(requestId)
    return known !== undefined && "request" in known && known.isWhole ? known.request : null
  }

  /** A question with what did not ride along. What is known of it already is not read again. */
  async #readRest(request: RequestDetail): Promise<RequestDetail> {
    const cut = request.truncated?.data
    if (cut === undefined) return request
    const known = this.#wholeOf(request.requestId)
    const before = known?.truncated?.data
    if (known !== null && before?.href === cut.href && before.bytes === cut.bytes) {
      return { ...request, data: known.data }
    }
    const { text, whole } = await readWholeText(this.api, cut.href)
    if (!whole) {
      throw new PageProblem(
        413,
        null,
        "This question is too long for the page",
        `It has ${bytes(cut.bytes)}; the page shows ${bytes(mostBytes)}.`,
        "Answer it with `threadfold answer`.",
      )
    }
    const data: unknown = JSON.parse(text)
    return { ...request, data }
  }

  #put(requestId: string, shown: Shown): void {
    const known = this.shown.get(requestId)
    const isSame =
      known !== undefined &&
      "request" in known &&
      "request" in shown &&
      known.isWhole === shown.isWhole &&
      known.request.version === shown.request.version
    if (!isSame) this.shown.set(requestId, shown)
  }
}

const made = new WeakMap<PageServices, Requests>()

/** The questions of a page: one store for all views, so that an answer is seen in each of them. */
export const requestsOf = (services: PageServices): Requests => {
  const known = made.get(services)
  if (known !== undefined) return known
  const requests = new Requests(services.api)
  services.feed.listen(requests)
  made.set(services, requests)
  return requests
}
