import { once } from "node:events"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { SdkProcess } from "./SdkProcess.js"

const collect = (process: SdkProcess) => {
  const posted: string[] = []
  process.attach(
    async (line) => {
      posted.push(line)
    },
    () => {},
  )
  return posted
}

const write = (process: SdkProcess, text: string) =>
  Effect.async<Error | null>((resume) => {
    process.stdin.write(text, (error) => resume(Effect.succeed(error ?? null)))
  })

describe("the process in the SDK's hands", () => {
  it.effect("takes what is written before it runs, and sends it line by line afterwards", () =>
    Effect.gen(function* () {
      const process = new SdkProcess()
      const early = yield* Effect.fork(write(process, "one\ntwo\nthr"))
      yield* Effect.yieldNow()
      const posted = collect(process)
      expect(yield* Fiber.join(early)).toBeNull()
      expect(posted).toEqual(["one", "two"])
      yield* write(process, "ee\n")
      expect(posted).toEqual(["one", "two", "three"])
    }),
  )

  it.effect("says that a line could not be sent", () =>
    Effect.gen(function* () {
      const process = new SdkProcess()
      process.attach(
        () => Promise.reject(new Error("gone")),
        () => {},
      )
      expect((yield* write(process, "one\n"))?.message).toBe("gone")
    }),
  )

  it.effect("fails what waits when it never comes to run", () =>
    Effect.gen(function* () {
      const process = new SdkProcess()
      const early = yield* Effect.fork(write(process, "one\n"))
      yield* Effect.yieldNow()
      process.over({ code: null, signal: null })
      expect((yield* Fiber.join(early))?.message).toBe("the process did not start")
    }),
  )

  it.effect("hands lines on, and waits for a reader that is behind", () =>
    Effect.gen(function* () {
      const process = new SdkProcess()
      yield* process.forward(["a", "b"])
      expect(String(process.stdout.read())).toBe("a\nb\n")
      const large = yield* Effect.fork(process.forward(["x".repeat(1_000_000)]))
      yield* Effect.yieldNow()
      expect(large.unsafePoll()).toBeNull()
      process.stdout.resume()
      yield* Fiber.join(large)
    }),
  )

  it.effect("is over once, and tells how", () =>
    Effect.gen(function* () {
      const process = new SdkProcess()
      const signals: string[] = []
      process.attach(
        async () => {},
        (signal) => signals.push(signal),
      )
      expect(process.kill("SIGTERM")).toBe(true)
      const exit = once(process, "exit")
      process.over({ code: null, signal: "SIGTERM" })
      process.over({ code: 0, signal: null })
      expect(yield* Effect.promise(() => exit)).toEqual([null, "SIGTERM"])
      expect([process.killed, process.exitCode, process.signalCode]).toEqual([true, null, "SIGTERM"])
      expect(process.kill("SIGKILL")).toBe(false)
      expect(signals).toEqual(["SIGTERM"])
    }),
  )
})
