/** Signals that ask the program to end. Most commands are interrupted by them; a server waits for them. */
import { Effect, Exit, Fiber } from "effect"

type Signal = "SIGINT" | "SIGTERM" | "SIGHUP"
const signals: readonly Signal[] = ["SIGINT", "SIGTERM", "SIGHUP"]
/** What a shell expects of a program that a signal ended: 128 and the number of the signal. */
const codes: Readonly<Record<Signal, number>> = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }

let waiting: (() => void) | null = null

/** Until a signal asks to end: then what waits goes on instead of being interrupted, and can end as it should. */
export const untilSignal: Effect.Effect<void> = Effect.async<void>((resume) => {
  waiting = () => resume(Effect.void)
  return Effect.sync(() => {
    waiting = null
  })
})

/**
 * Runs a program to its exit code and ends the process with it. A first signal interrupts it, and its finalizers
 * run; a second one ends it at once.
 */
export const runProgram = (program: Effect.Effect<number>): void => {
  // Waiting for an answer is no reason for Node to stay; the running program is.
  const alive = setInterval(() => undefined, 2 ** 30)
  let received: Signal | null = null
  const fiber = Effect.runFork(program)
  for (const signal of signals) {
    process.on(signal, () => {
      if (received !== null) process.exit(codes[signal])
      received = signal
      if (waiting === null) fiber.unsafeInterruptAsFork(fiber.id())
      else waiting()
    })
  }
  Effect.runFork(
    Effect.map(Fiber.await(fiber), (exit) => {
      clearInterval(alive)
      process.exit(Exit.isSuccess(exit) ? exit.value : received === null ? 3 : codes[received])
    }),
  )
}
