/** Real agents that are asked to end one of their background tasks, against a model server of ours on loopback. */
import { describe, expect } from "@effect/vitest"
import { makeClaudeDriver, makeCodexDriver } from "@threadfold/providers"
import { Anthropic, codexHome, installedAgent, OpenAi } from "@threadfold/testkit"
import { Effect } from "effect"
import { openStory } from "../test/ClaudeStories.js"
import { id, OrchestratorFixture, snapshotOf } from "../test/OrchestratorFixture.js"
import { carriedOut, checked, ended, stopped, withAgent } from "../test/RealAgent.js"

const codex = installedAgent("codex")
const claude = installedAgent("claude")

/** Waits for the task that runs. */
const runningTask = (of: OrchestratorFixture) =>
  Effect.map(
    of.eventually(snapshotOf(of), ({ tasks }) => tasks.some(({ status }) => status === "running")),
    ({ tasks }) => tasks.find(({ status }) => status === "running")?.taskId ?? "",
  )

/** The task is asked to end, and does; to ask again changes nothing. */
const isStopped = (of: OrchestratorFixture) =>
  Effect.gen(function* () {
    const taskId = yield* runningTask(of)
    yield* carriedOut(of, { type: "task.stop", taskId })
    const { tasks, thread } = yield* of.eventually(snapshotOf(of), ({ tasks: all }) =>
      all.every(({ status }) => status === "ended"),
    )
    const again = yield* of.dispatch({ type: "task.stop", taskId })
    expect(yield* of.orchestrator.effectsOf(again.commandId)).toEqual([])
    return { task: tasks.find((one) => one.taskId === taskId), thread }
  })

describe("a background task", () => {
  withAgent(codex)("of the real Codex ends when it is asked to", () =>
    Effect.gen(function* () {
      if (!codex.installed) return yield* Effect.dieMessage(codex.reason)
      const script = [OpenAi.command("sleep 300", { yield_time_ms: 250 }), OpenAi.plain("It runs.")]
      const model = yield* OpenAi.server({ script })
      const { cwd, env } = yield* codexHome({ baseUrl: model.baseUrl })
      const driver = makeCodexDriver({ command: codex.command, args: [...codex.args, "app-server"], env })
      const settings = { approvalPolicy: "never", sandbox: "danger-full-access" }
      const of = new OrchestratorFixture({ driver, settings })
      yield* Effect.orDie(of.open())
      yield* Effect.orDie(of.createThread(id("thread"), cwd))
      yield* of.send("go")
      yield* ended(of)
      const { task } = yield* isStopped(of)
      expect(task).toMatchObject({ kind: "command" })
      yield* stopped(of)
      yield* checked(of)
    }),
  )

  withAgent(claude)("of the real Claude ends when it is asked to", () =>
    Effect.gen(function* () {
      const { of } = yield* openStory(
        {
          agent: claude,
          driver: ({ module }, { env }) => makeClaudeDriver({ sdk: module, env, limits: { graceMs: 500 } }),
        },
        [
          Anthropic.tool("Bash", { command: "sleep 300", description: "sleeps", run_in_background: true }),
          ...[1, 2, 3].map(() => Anthropic.plain("It runs.")),
        ],
      )
      yield* of.send("go")
      const { task } = yield* isStopped(of)
      expect(task).toMatchObject({ outcome: "interrupted" })
      yield* stopped(of)
    }),
  )
})
