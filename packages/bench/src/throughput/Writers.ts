/** Writers that are measured, each in a process of its own: none pays for the garbage of another, nor for code compiled for it. */
import { type ChildProcess, fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Effect, type Scope } from "effect"
import { type BenchError, BenchFailed } from "../BenchError.js"
import type { WorkloadOptions } from "../Workload.js"
import type { Taken } from "./Meter.js"

export interface WriterOptions {
  /** Both engines, whole and without digests; or both bare loops, of all rows and of the event rows. */
  readonly kind: "engines" | "bare"
  /** Directory for its databases. */
  readonly directory: string
  readonly workload: WorkloadOptions
}

export type ToWriter = "next" | "stop"

export type FromWriter =
  /** A chunk is written: its events (0: there was none), and what that took each of the two. */
  | { readonly kind: "taken"; readonly events: number; readonly taken: readonly Taken[] }
  /** The process ends. `synchronous`: of its database, as SQLite numbers it. */
  | { readonly kind: "stopped"; readonly synchronous: number }

export type Written = Extract<FromWriter, { readonly kind: "taken" }>

export interface BenchWriter {
  /** Writes its next chunk. */
  readonly next: Effect.Effect<Written, BenchError>
  /** Ends it, once; its databases are closed then. */
  readonly stop: Effect.Effect<Extract<FromWriter, { readonly kind: "stopped" }>, BenchError>
}

const failed = (detail: string) => new BenchFailed({ message: `A writer of the benchmark failed: ${detail}.` })

const program = fileURLToPath(new URL("./throughputWriter.js", import.meta.url))

const isOver = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null

/** Starts a writer; it ends with the scope at the latest. */
export const startWriter = (options: WriterOptions): Effect.Effect<BenchWriter, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => fork(program, [JSON.stringify(options)], { execArgv: [] })),
      (child) =>
        Effect.async<void>((resume) => {
          if (isOver(child)) return resume(Effect.void)
          child.once("exit", () => resume(Effect.void)).kill()
        }),
    ),
    (child) => {
      const ask = <K extends FromWriter["kind"]>(word: ToWriter, kind: K, ended: "message" | "exit") =>
        Effect.async<Extract<FromWriter, { readonly kind: K }>, BenchError>((resume) => {
          let answer: Extract<FromWriter, { readonly kind: K }> | null = null
          const isAnswer = (message: FromWriter): message is Extract<FromWriter, { readonly kind: K }> =>
            message.kind === kind
          const onMessage = (message: FromWriter): void => {
            if (isAnswer(message)) answer = message
            if (ended === "message") finish()
          }
          const onError = (error: Error): void => finish(error.message)
          const onExit = (): void => finish()
          const finish = (why = "it has ended"): void => {
            child.off("message", onMessage).off("error", onError).off("exit", onExit)
            resume(answer === null ? Effect.fail(failed(why)) : Effect.succeed(answer))
          }
          if (isOver(child)) return finish()
          child.on("message", onMessage).on("error", onError).on("exit", onExit)
          child.send(word)
        })
      return { next: ask("next", "taken", "message"), stop: ask("stop", "stopped", "exit") }
    },
  )
