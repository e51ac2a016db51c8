/** From the start of a process to its word that it is ready, on databases of different sizes. */
import { spawn } from "node:child_process"
import { Clock, Effect } from "effect"
import { type BenchError, ProgramUnavailable } from "./BenchError.js"

const failed = (message: string) => new ProgramUnavailable({ message })

/** A process that is neither ready nor gone by then is ended, ms. */
const START_WITHIN_MS = 30_000

/** One start of `threadfold serve --desktop` on a data directory: ms until it prints that it is ready. */
const startOnce = (program: string, dataDirectory: string, nowMs: () => number): Effect.Effect<number, BenchError> =>
  Effect.async((resume) => {
    const from = nowMs()
    const child = spawn(process.execPath, [program, "serve", "--desktop", "--port", "0", "--data-dir", dataDirectory], {
      stdio: ["pipe", "pipe", "ignore"],
    })
    let ready: number | null = null
    const deadline = setTimeout(() => child.kill("SIGKILL"), START_WITHIN_MS)
    child.stdout.once("data", () => {
      ready = nowMs() - from
      // It ends by itself when its stdin closes.
      child.stdin.end()
    })
    child.once("error", (error) => resume(Effect.fail(failed(error.message))))
    child.once("exit", (code) => {
      clearTimeout(deadline)
      resume(
        ready === null ? Effect.fail(failed(`serve ended with ${code} before it was ready.`)) : Effect.succeed(ready),
      )
    })
  })

/** Median of several starts, ms. `program`: path of the built `threadfold.js`. */
export const startup = (program: string, dataDirectory: string, times: number): Effect.Effect<number, BenchError> =>
  Effect.gen(function* () {
    const clock = yield* Clock.clockWith(Effect.succeed)
    const nowMs = () => Number(clock.unsafeCurrentTimeNanos()) / 1e6
    const taken = yield* Effect.replicateEffect(startOnce(program, dataDirectory, nowMs), times)
    return [...taken].sort((a, b) => a - b)[Math.floor(times / 2)] ?? 0
  })
