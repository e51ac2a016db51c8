/** A bundle that is open: the worker that holds it answers what a server would, so that the views do not know the difference. */
import { asProblem, PageProblem } from "../api/PageProblem.js"
import type { StreamState } from "../live/EventStream.js"
import type { FeedListener } from "../live/Feed.js"
import { ValueStore } from "../live/KeyedStore.js"
import type { Fetch } from "../session/Session.js"
import { PageWorker } from "../worker/PageWorker.js"
import type { BundleAnswer } from "./bundleAnswers.js"

/** What the worker says of a file that it has read. */
export interface BundleFacts {
  /** What was taken out of it: `none`, `masked` or `structure`. */
  readonly redaction: string
  readonly threads: number
  readonly events: number
}

/** What the worker answers. */
export type BundleReply =
  | ({ readonly kind: "opened" } & BundleFacts)
  | { readonly kind: "refused"; readonly title: string; readonly detail: string; readonly next: string }
  | ({ readonly kind: "answer" } & BundleAnswer)

/** Why nothing can be done in a bundle. */
export const readOnlyText = "A bundle is for reading: nobody is there to answer or to write to."

/** What is used of a worker. */
type Asked = Pick<PageWorker, "ask" | "end">

export class OpenBundle {
  #isClosed = false

  constructor(
    /** Name of the file. */
    readonly name: string,
    readonly facts: BundleFacts,
    private readonly worker: Asked,
  ) {}

  /** Answers a call of the API. */
  readonly fetch: Fetch = async (path, init) => {
    if ((init?.method ?? "GET") !== "GET") {
      throw new PageProblem(405, null, "This is a bundle", readOnlyText, "Import it to go on with its threads.")
    }
    // A worker that has ended would be started again, without the bundle.
    if (this.#isClosed) throw new DOMException("The bundle was closed.", "AbortError")
    const reply = await asked(this.worker, path)
    if (init?.signal?.aborted === true) throw new DOMException("It is not wanted any more.", "AbortError")
    if (reply.kind !== "answer") throw new Error("The worker did not answer the call.")
    return new Response(reply.body, { status: reply.status, headers: { "content-type": reply.type } })
  }

  /** Lets go of it. */
  readonly close = (): void => {
    this.#isClosed = true
    this.worker.end()
  }
}

/** The worker is built with the page: what it answers has a form that both know. */
const asked = async (worker: Asked, message: unknown): Promise<BundleReply> =>
  (await worker.ask(message)) as BundleReply

/** Opens a bundle. Rejects with a {@link PageProblem} where it is refused, or given up: the work then ends. */
export const openBundle = async (
  name: string,
  file: Blob,
  signal: AbortSignal,
  worker: Asked = new PageWorker("bundle"),
): Promise<OpenBundle> => {
  signal.addEventListener("abort", worker.end, { once: true })
  try {
    const reply = await asked(worker, file)
    if (reply.kind === "opened") return new OpenBundle(name, reply, worker)
    if (reply.kind === "refused") throw new PageProblem(400, null, reply.title, reply.detail, reply.next)
    throw new Error("The worker did not open the file.")
  } catch (error) {
    worker.end()
    throw asProblem(error)
  } finally {
    signal.removeEventListener("abort", worker.end)
  }
}

/** The feed of what does not change: whoever listens is told once to read. */
export class StillFeed {
  readonly state = new ValueStore<StreamState>({ kind: "ended" })

  readonly listen = (listener: FeedListener): (() => void) => {
    listener.restarted()
    return () => undefined
  }

  readonly start = (): void => undefined
  readonly stop = (): void => undefined
  readonly retryNow = (): void => undefined
}
