import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { describe, expect, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { endOrphans } from "./Orphans.js"

const knowsProcesses = process.platform === "linux" || process.platform === "darwin"

/** A process of a run of a server, until the test is over. */
const processOf = (logId: string, incarnation: string): Effect.Effect<ChildProcess, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const marks = { THREADFOLD_LOG: logId, THREADFOLD_SERVER: incarnation, THREADFOLD_CONNECTION: "c" }
      const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { env: marks, stdio: "ignore" })
      await once(child, "spawn")
      return child
    }),
    (child) =>
      Effect.promise(async () => {
        if (child.exitCode !== null || child.signalCode !== null) return
        const exit = once(child, "exit")
        child.kill("SIGKILL")
        await exit
      }),
  )

describe("processes that outlived the server that started them", () => {
  it.scopedLive.skipIf(!knowsProcesses)("are ended, and nobody else's: not ours, not another log's", () =>
    Effect.gen(function* () {
      const logId = `log ${process.pid}`
      const left = yield* processOf(logId, "before")
      const own = yield* processOf(logId, "now")
      const foreign = yield* processOf(`${logId} of somebody else`, "before")
      const exited = Effect.promise(() => once(left, "exit"))
      const ended = yield* Effect.zipLeft(endOrphans({ logId, incarnation: "now" }), exited, { concurrent: true })
      expect(ended).toEqual({ ended: 1, left: 0, connectionIds: new Set() })
      expect([left.signalCode, own.signalCode, foreign.signalCode]).toEqual(["SIGTERM", null, null])
      expect(yield* endOrphans({ logId, incarnation: "now" })).toEqual({ ended: 0, left: 0, connectionIds: new Set() })
    }),
  )
})
