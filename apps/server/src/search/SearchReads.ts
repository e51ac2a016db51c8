/** Searches and sums, answered in a thread of their own, which also follows the log with the index. */
import { Worker } from "node:worker_threads"
import { Problem } from "@threadfold/contracts/problem"
import { Engine } from "@threadfold/engine"
import { Context, Effect, Layer, Schedule } from "effect"
import type { FromSearchThread, SearchQuestion, SearchThreadData, ToSearchThread } from "./SearchQuestions.js"
import { SearchQuestions } from "./SearchQuestions.js"

/** Questions that wait at most, those that are answered included. */
const mostWaiting = 64

/** How often it is looked whether the log has grown. */
const lookEvery = "250 millis"

/** How long after the start that begins. A question starts the thread at once; without one, what a start is waited for comes first. */
const firstLookAfter = "5 seconds"

type Resume = (answer: Effect.Effect<unknown, Problem>) => void

/** What answers: the thread, or the same in this one. */
interface Answering {
  readonly post: (message: ToSearchThread) => void
  readonly end: () => void
}

type Heard = (message: FromSearchThread) => void

const startThread = (data: SearchThreadData, heard: Heard, ended: (detail: string) => void): Answering => {
  const worker = new Worker(new URL("./searchThread.js", import.meta.url), { workerData: data })
  worker.unref()
  worker.on("message", heard)
  worker.on("error", (error) => ended(`${error.message}.`))
  worker.on("exit", () => ended("The thread that searches ended."))
  return { post: (message) => worker.postMessage(message), end: () => void worker.terminate() }
}

/** The same in the thread that calls it, where the writer is in this thread, as in tests. */
const startHere = ({ directory }: SearchThreadData, heard: Heard): Answering => {
  const questions = new SearchQuestions({ directory, now: () => performance.now(), onDemand: true }, heard)
  return { post: (message) => questions.take(message), end: () => questions.close() }
}

export class SearchReads extends Context.Tag("@threadfold/server/SearchReads")<
  SearchReads,
  {
    /** The answer to a question. Fails with its problem, and with `too-many-requests`. */
    readonly ask: (question: SearchQuestion) => Effect.Effect<unknown, Problem>
    /** Sequence up to which the index has the log, as it was told last; null: it was not looked at yet. */
    readonly watermark: () => number | null
  }
>() {
  /** Over a data directory. */
  static readonly layer = (directory: string): Layer.Layer<SearchReads, never, Engine> =>
    Layer.scoped(
      SearchReads,
      Effect.gen(function* () {
        const { log, openPort } = yield* Engine
        const isHere = (yield* Effect.scoped(openPort)) === null
        const waiting = new Map<number, Resume>()
        let answering: Answering | null = null
        let asked = 0

        let watermark: number | null = null
        const heard: Heard = (message) => {
          if (message.kind === "indexed") {
            watermark = message.watermark
            return
          }
          const resume = waiting.get(message.id)
          waiting.delete(message.id)
          resume?.(
            message.kind === "answer"
              ? Effect.succeed(message.answer)
              : Effect.fail(new Problem({ slug: message.slug, detail: message.detail })),
          )
        }
        /** The next question, or the next event, starts another one. */
        const ended = (detail: string): void => {
          answering = null
          const left = [...waiting.values()]
          waiting.clear()
          for (const resume of left) resume(Effect.fail(new Problem({ slug: "internal", detail })))
        }
        const post = (message: ToSearchThread): void => {
          answering ??= isHere ? startHere({ directory }, heard) : startThread({ directory }, heard, ended)
          answering.post(message)
        }
        yield* Effect.addFinalizer(() =>
          Effect.sync(() => {
            answering?.end()
            ended("The server stops.")
          }),
        )
        if (!isHere) {
          let known = -1
          const look = Effect.sync(() => {
            if (log.published() === known) return
            known = log.published()
            post({ kind: "grown" })
          })
          const looks = Effect.repeat(look, Schedule.spaced(lookEvery))
          yield* Effect.forkScoped(Effect.delay(looks, firstLookAfter))
        }

        return {
          watermark: () => watermark,
          ask: (question) =>
            Effect.async<unknown, Problem>((resume) => {
              if (waiting.size >= mostWaiting) {
                const detail = `${waiting.size} searches and sums wait already.`
                resume(Effect.fail(new Problem({ slug: "too-many-requests", detail })))
                return
              }
              asked += 1
              const id = asked
              waiting.set(id, resume)
              post({ kind: "ask", id, question })
              return Effect.sync(() => {
                if (waiting.delete(id)) answering?.post({ kind: "drop", id })
              })
            }),
        }
      }),
    )
}
