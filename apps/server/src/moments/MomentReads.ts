/** Questions about earlier moments of threads, answered in a thread of their own. At most so many wait; further ones are refused. */
import { Worker } from "node:worker_threads"
import { Problem } from "@threadfold/contracts/problem"
import { Engine } from "@threadfold/engine"
import { databaseFile } from "@threadfold/event-log"
import { Clock, Context, Effect, Layer, Runtime } from "effect"
import { MomentQueue } from "./MomentQueue.js"
import { MomentReader } from "./MomentReader.js"
import {
  type FromMomentThread,
  type MomentAnswer,
  type MomentQuestion,
  MomentsBusy,
  type MomentThreadData,
  type ToMomentThread,
} from "./momentProtocol.js"

/** Questions that wait at most, the one that is answered included. */
const mostWaiting = 64

type Resume = (answer: Effect.Effect<MomentAnswer, Problem>) => void

/** What answers: the thread, or the same in this one. */
interface Answering {
  readonly post: (message: ToMomentThread) => void
  readonly end: () => void
}

type Start = (heard: (message: FromMomentThread) => void, ended: (detail: string) => void) => Answering

/** Starts the thread. */
const startThread =
  (data: MomentThreadData): Start =>
  (heard, ended) => {
    const worker = new Worker(new URL("./momentThread.js", import.meta.url), { workerData: data })
    worker.unref()
    worker.on("message", heard)
    worker.on("error", (error) => ended(`${error.message}.`))
    worker.on("exit", () => ended("The thread that reads earlier moments ended."))
    return { post: (message) => worker.postMessage(message), end: () => void worker.terminate() }
  }

/** The same in the thread that calls it, where the writer is in this thread, as in tests. */
const startHere =
  (data: MomentThreadData, clock: () => number): Start =>
  (heard) => {
    const queue = new MomentQueue(() => new MomentReader({ ...data, clock }), heard)
    return {
      post: (message) => queue.take(message),
      end: () => queue.close(),
    }
  }

export class MomentReads extends Context.Tag("@threadfold/server/MomentReads")<
  MomentReads,
  {
    /** Fails with `MomentsBusy`, and with the problem of the question. */
    readonly ask: (question: MomentQuestion) => Effect.Effect<MomentAnswer, MomentsBusy | Problem>
    /** Forgets what is kept of a thread: it was purged. */
    readonly forget: (threadId: string) => Effect.Effect<void>
  }
>() {
  /** Over the database of a data directory. The thread starts at the first question. */
  static readonly layer = (
    dataDir: string,
    { most = mostWaiting }: { readonly most?: number } = {},
  ): Layer.Layer<MomentReads, never, Engine> =>
    Layer.scoped(
      MomentReads,
      Effect.gen(function* () {
        const engine = yield* Engine
        const runtime = yield* Effect.runtime()
        const now = () => Runtime.runSync(runtime)(Clock.currentTimeMillis)
        const isHere = (yield* Effect.scoped(engine.openPort)) === null
        const data = { file: databaseFile(dataDir), directory: dataDir }
        const start = isHere ? startHere(data, now) : startThread(data)

        const waiting = new Map<number, Resume>()
        let answering: Answering | null = null
        let asked = 0

        const heard = (message: FromMomentThread): void => {
          const resume = waiting.get(message.id)
          waiting.delete(message.id)
          resume?.(
            message.kind === "answer"
              ? Effect.succeed(message.answer)
              : Effect.fail(new Problem({ slug: message.slug, detail: message.detail })),
          )
        }
        /** The next question starts another one. */
        const ended = (detail: string): void => {
          answering = null
          const left = [...waiting.values()]
          waiting.clear()
          for (const resume of left) resume(Effect.fail(new Problem({ slug: "internal", detail })))
        }
        yield* Effect.addFinalizer(() =>
          Effect.sync(() => {
            answering?.end()
            ended("The server stops.")
          }),
        )

        return {
          forget: (threadId) => Effect.sync(() => answering?.post({ kind: "forget", threadId })),
          ask: (question) =>
            Effect.async<MomentAnswer, MomentsBusy | Problem>((resume) => {
              if (waiting.size >= most) {
                resume(Effect.fail(new MomentsBusy({ waiting: waiting.size })))
                return
              }
              asked += 1
              const id = asked
              waiting.set(id, resume)
              answering ??= start(heard, ended)
              answering.post({ kind: "ask", id, question })
              return Effect.sync(() => {
                if (waiting.delete(id)) answering?.post({ kind: "drop", id })
              })
            }),
        }
      }),
    )
}
