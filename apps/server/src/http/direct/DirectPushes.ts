/**
 * Pushes that are answered without the router: a short body is read where its call comes in. An adapter pushes events one by one, so
 * this call is made more often than all others together: a single event goes to the writer and back without a fiber, and for more
 * there is one fiber. A call that is unusual in any way takes the way of all others.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import { Problem } from "@threadfold/contracts/problem"
import { Cause, Context, Effect, Exit, Layer, Runtime } from "effect"
import { HttpLimits } from "../HttpLimits.js"
import { Metrics } from "../Metrics.js"
import { mediaTypeOf } from "../node/body.js"
import { problemHead } from "../problemAnswer.js"
import { writeDirect } from "./sendDirect.js"

/** A push whose body is there. */
export interface Push {
  readonly sessionId: string
  /** Media type of the body, lower case, without parameters. */
  readonly type: string
  /** The `Accept` header; empty where there is none. */
  readonly accept: string
  readonly body: Buffer
}

/** The answer to a push. */
export interface PushAnswer {
  readonly type: string
  readonly text: string
}

/**
 * Answers a push without a fiber, by one of its functions: with what `make` makes, or with the problem in which `failed` ends. False: it
 * has begun nothing.
 */
export type PushNow<R> = (
  push: Push,
  answer: (make: () => PushAnswer) => void,
  fail: (failed: Effect.Effect<never, Problem, R>) => void,
) => boolean

type Take = (push: Push, done: (exit: Exit.Exit<PushAnswer, Problem>) => void) => void

/** Longest body that is read here, bytes: a longer one has work of its own, beside which the router is nothing. */
const longestBody = 64 * 1024

const target = /^\/v1\/sessions\/([A-Za-z0-9-]+)\/events$/

/** The problem that a failed push is answered with. */
const problemOf = (cause: Cause.Cause<Problem>): Problem => {
  const failure = Cause.failureOrCause(cause)
  return failure._tag === "Left"
    ? failure.left
    : new Problem({ slug: "internal", detail: "POST /v1/sessions/{id}/events failed." })
}

export class DirectPushes extends Context.Tag("@threadfold/server/DirectPushes")<
  DirectPushes,
  {
    /** Takes what answers a push whose media type is one of `types`. `now` is asked first, and `work` does what it does not take. */
    readonly handle: <R>(
      types: readonly string[],
      work: (push: Push) => Effect.Effect<PushAnswer, Problem, R>,
      now: PushNow<R>,
    ) => Effect.Effect<void, never, R>
    /** Answers a call that may be a push; false: it has to take the other way, and nothing of it was read. */
    readonly receive: (request: IncomingMessage, response: ServerResponse) => boolean
  }
>() {
  static readonly layer: Layer.Layer<DirectPushes, never, HttpLimits | Metrics> = Layer.effect(
    DirectPushes,
    Effect.gen(function* () {
      const { bodyBytes } = yield* HttpLimits
      const metrics = yield* Metrics
      const limit = Math.min(longestBody, bodyBytes)
      let taken: readonly string[] = []
      let take: Take = (_, done) => done(Exit.die("no route has taken the pushes"))

      const answered = (response: ServerResponse, exit: Exit.Exit<PushAnswer, Problem>): void => {
        if (response.destroyed) return
        if (Exit.isSuccess(exit)) {
          const { text, type } = exit.value
          return writeDirect(
            response,
            200,
            ["content-type", type, "content-length", `${Buffer.byteLength(text)}`],
            text,
          )
        }
        const problem = problemOf(exit.cause)
        metrics.refused(problem.slug)
        const { headers, status, text } = problemHead(problem)
        return writeDirect(response, status, Object.entries(headers).flat(), text)
      }

      return {
        handle: <R>(
          types: readonly string[],
          work: (push: Push) => Effect.Effect<PushAnswer, Problem, R>,
          now: PushNow<R>,
        ) =>
          Effect.map(Effect.runtime<R>(), (runtime) => {
            const run = Runtime.runCallback(runtime)
            taken = types
            take = (push, done) => {
              const finish = (effect: Effect.Effect<PushAnswer, Problem, R>): void => {
                // A defect is told where the server's errors are told, as the router does.
                const logged = Effect.tapErrorCause(effect, (cause) =>
                  Cause.isDie(cause) ? Effect.logError("a call failed", cause) : Effect.void,
                )
                run(logged, { onExit: done })
              }
              const answer = (make: () => PushAnswer): void => {
                let made: PushAnswer
                try {
                  made = make()
                } catch (defect) {
                  return finish(Effect.die(defect))
                }
                done(Exit.succeed(made))
              }
              try {
                if (!now(push, answer, finish)) finish(work(push))
              } catch (defect) {
                finish(Effect.die(defect))
              }
            }
          }),
        receive: (request, response) => {
          const { headers, method, url = "" } = request
          if (method !== "POST" || headers.expect !== undefined) return false
          if (headers["transfer-encoding"] !== undefined || headers["content-encoding"] !== undefined) return false
          const sessionId = target.exec(url)?.[1]
          const length = Number(headers["content-length"] ?? Number.NaN)
          const type = mediaTypeOf(headers["content-type"])
          if (sessionId === undefined || !(length > 0 && length <= limit) || !taken.includes(type)) return false
          const pieces: Buffer[] = []
          request.on("data", (piece: Buffer) => pieces.push(piece))
          // Node ends a body that is not as long as it said by an error; its caller is gone then, and nothing was stored.
          request.on("error", () => undefined)
          request.on("end", () => {
            const [first = Buffer.alloc(0)] = pieces
            const body = pieces.length === 1 ? first : Buffer.concat(pieces)
            take({ sessionId, type, accept: headers.accept ?? "", body }, (exit) => answered(response, exit))
          })
          return true
        },
      }
    }),
  )
}
