/** Real agents of the Agent Client Protocol under the orchestrator, against a model server of ours on loopback. */
import { tmpdir } from "node:os"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "@effect/vitest"
import { type AcpConfig, makeAcpDriver, type ProviderDriver } from "@threadfold/providers"
import { type AgentHome, Anthropic, type InstalledAgent, installedAgent } from "@threadfold/testkit"
import { Effect, Logger } from "effect"
import { claudeStories, openStory } from "../test/ClaudeStories.js"
import { id, OrchestratorFixture } from "../test/OrchestratorFixture.js"
import { checked, ended, kill, openRequest, stopped, textsOf, withAgent } from "../test/RealAgent.js"

const agent = installedAgent("acp")
const driver =
  (config: Partial<AcpConfig> = {}) =>
  ({ args, command }: InstalledAgent, { env }: AgentHome): ProviderDriver =>
    makeAcpDriver({ name: "acp", command, args, env, limits: { graceMs: 500 }, ...config })

claudeStories({ title: "a real ACP agent", agent, driver: driver(), cancelled: "interrupted" })

describe("an ACP agent that repeats a session's history while it loads it", () => {
  withAgent(agent)("adds nothing by it: what was said is there once", () =>
    Effect.gen(function* () {
      const { of } = yield* openStory({ agent, driver: driver({ reopenBy: "load" }) }, [
        Anthropic.thinking("Let me think.", "First words.", { deltas: 5 }),
        Anthropic.command("touch made", { say: "I touch." }),
        Anthropic.plain("Touched.", { deltas: 4 }),
        Anthropic.plain("New words."),
      ])
      yield* of.send("one")
      yield* ended(of)
      yield* of.send("two")
      yield* of.dispatch({ type: "request.respond", requestId: yield* openRequest(of), decision: "accept" })
      const before = yield* ended(of, 2)
      expect(before.items).toHaveLength(7)
      yield* stopped(of)
      yield* of.send("three")
      const { anomalies, items, requests, turns, usage } = yield* ended(of, 3)
      expect(items.slice(0, 7)).toEqual(before.items)
      expect(items.slice(7).map(({ kind, text }) => [kind, text])).toEqual([
        ["user_message", "three"],
        ["agent_message", "New words."],
      ])
      expect([turns.slice(0, 2), requests]).toEqual([before.turns, before.requests])
      expect(usage?.totalTokens).toBe((before.usage?.totalTokens ?? 0) + (turns[2]?.usage?.totalTokens ?? 0))
      expect(anomalies).toEqual([])
      yield* checked(of)
    }),
  )

  it.scopedLive(
    "and then fails leaves no trace of it in the thread, and the next attempt is as good as the first",
    () =>
      Effect.gen(function* () {
        const program = fileURLToPath(new URL("../../providers/test/programs/acp-agent.mjs", import.meta.url))
        const history = ["old wo", "rds, in ", "other pieces"]
        const scripts = [
          { turns: [[{ say: "old words, " }, { say: "in other pieces" }]] },
          { history: history.slice(0, 2), failsToLoad: true },
          { history, turns: [[{ say: "new words" }]] },
        ]
        const driverOf = (script: object) =>
          makeAcpDriver({
            name: "reference",
            command: process.execPath,
            args: [program, JSON.stringify(script)],
            limits: { graceMs: 200 },
          })
        const connect: ProviderDriver["connect"] = (options) => {
          const script = scripts.shift()
          return script === undefined
            ? Effect.dieMessage("there is a process too many")
            : driverOf(script).connect(options)
        }
        const of = new OrchestratorFixture({ driver: { ...driverOf({}), connect } })
        yield* of.open()
        yield* of.createThread(id("thread"), tmpdir())
        yield* of.send("one")
        const before = (yield* ended(of)).items
        yield* kill(of)
        yield* of.eventually(of.work(), ({ session }) => session === null)
        yield* of.send("two")
        const failed = yield* ended(of, 2)
        expect(failed.turns.at(-1)).toMatchObject({ outcome: "failed", cause: "start-failed", nativeTurnId: null })
        expect(failed.items).toEqual(before)
        yield* of.send("three")
        const { anomalies, items, session } = yield* ended(of, 3)
        expect(items.slice(0, before.length)).toEqual(before)
        expect(textsOf(items)).toEqual(["old words, in other pieces", "new words"])
        expect(textsOf(items, "user_message")).toEqual(["one", "three"])
        expect(session).toMatchObject({ epoch: 2 })
        expect(anomalies).toEqual([])
        yield* checked(of)
      }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger))),
  )
})
