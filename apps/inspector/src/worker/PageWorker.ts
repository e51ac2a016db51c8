/**
 * Work that would keep the page from drawing, done in a worker. The one policy of trusted types is here: it makes the address of the
 * worker's script, and of nothing else. No HTML is ever assigned on this page; the server's content security policy refuses every
 * other way to make script out of text.
 */

/** Parts of the worker; each instance loads one of them, by its name. */
export type WorkerPart = "highlight" | "past" | "bundle"

let ofFile: string | null = null

/** Address of the worker's script. A file that holds the page holds the script, too, in an element of its own. */
const workerUrl = (): string => {
  if (WORKER_URL !== "") return WORKER_URL
  const script = document.getElementById("worker")?.textContent ?? ""
  ofFile ??= URL.createObjectURL(new Blob([script], { type: "text/javascript" }))
  return ofFile
}

const onlyWorker = (url: string): string => {
  if (url !== workerUrl()) throw new TypeError(`Not a script of this page: ${url}`)
  return url
}

const policy =
  typeof window === "undefined"
    ? undefined
    : window.trustedTypes?.createPolicy("threadfold", { createScriptURL: onlyWorker })

const start = (part: WorkerPart): Worker => {
  const url = workerUrl()
  return new Worker(policy === undefined ? onlyWorker(url) : policy.createScriptURL(url), {
    // A file has no origin, of which a module could be.
    type: WORKER_URL === "" ? "classic" : "module",
    name: part,
  })
}

interface Answer {
  readonly id: number
  readonly answer?: unknown
  readonly error?: string
}

/** What is used of a worker. */
export type WorkerLike = Pick<Worker, "onerror" | "onmessage" | "postMessage" | "terminate">

interface Waiting {
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: Error) => void
}

/** A part of the worker that answers one message after another. It is started with the first one. */
export class PageWorker {
  #worker: WorkerLike | null = null
  #last = 0
  readonly #waiting = new Map<number, Waiting>()

  constructor(
    private readonly part: WorkerPart,
    private readonly begin: (part: WorkerPart) => WorkerLike = start,
  ) {}

  /** Asks; `transfer` names what the worker is given instead of a copy. */
  readonly ask = (message: unknown, transfer: Transferable[] = []): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = ++this.#last
      this.#waiting.set(id, { resolve, reject })
      this.#started().postMessage({ id, ask: message }, transfer)
    })

  /** Ends it; what was asked fails. */
  readonly end = (): void => this.#fail(new Error("The work was ended."))

  #started(): WorkerLike {
    if (this.#worker !== null) return this.#worker
    const worker = this.begin(this.part)
    worker.onmessage = ({ data: { answer, error, id } }: MessageEvent<Answer>) => {
      const one = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error === undefined) one?.resolve(answer)
      else one?.reject(new Error(error))
    }
    // The script could not be loaded, or failed outside of an answer: the next question starts it anew.
    worker.onerror = ({ message }) => this.#fail(new Error(message || "The worker failed."))
    this.#worker = worker
    return worker
  }

  #fail(error: Error): void {
    this.#worker?.terminate()
    this.#worker = null
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
