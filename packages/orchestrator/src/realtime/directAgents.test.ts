/** A direct conversation that hands work to real agents of other protocols: the models are servers of ours on loopback. */
import { describe, expect } from "@effect/vitest"
import { directVoiceLive, makeAcpDriver, makeClaudeDriver, type ProviderDriver } from "@threadfold/providers"
import {
  type AgentHome,
  Anthropic,
  claudeHome,
  type InstalledAgent,
  installedAgent,
  realtimeServer,
} from "@threadfold/testkit"
import { Effect } from "effect"
import { id, OrchestratorFixture } from "../../test/OrchestratorFixture.js"
import { checked, ended, kill, remembered, withAgent } from "../../test/RealAgent.js"
import { handedOff, runsOf, voiceChecked } from "../../test/Voice.js"

const thread = id("thread")

const agents: readonly {
  readonly name: "claude" | "acp"
  readonly driver: (agent: InstalledAgent, home: AgentHome) => ProviderDriver
}[] = [
  {
    name: "claude",
    driver: ({ module }, { env }) => makeClaudeDriver({ sdk: module, env, limits: { graceMs: 500 } }),
  },
  {
    name: "acp",
    driver: ({ args, command }, { env }) =>
      makeAcpDriver({ name: "acp", command, args, env, limits: { graceMs: 500 } }),
  },
]

for (const { driver, name } of agents) {
  const agent = installedAgent(name)
  describe(`a direct conversation over ${name}`, () => {
    withAgent(agent)(
      "hands work over before and after a cut, a kill and a replacement, each to a turn of its own",
      () =>
        Effect.gen(function* () {
          if (!agent.installed) return yield* Effect.dieMessage(agent.reason)
          const voice = yield* realtimeServer
          const script = ["the first is done", "the second is done", "the third is done"].map((text) =>
            Anthropic.plain(text),
          )
          const model = yield* Anthropic.server({ script })
          const home = yield* claudeHome({ baseUrl: model.baseUrl })
          const directVoice = directVoiceLive({ baseUrl: voice.baseUrl, apiKey: "mock-key-of-the-test" })
          const of = new OrchestratorFixture({ driver: driver(agent, home), parts: { directVoice } })
          yield* Effect.orDie(of.open())
          yield* Effect.orDie(of.createThread(thread, home.cwd))

          yield* of.voices.start(thread, {})
          const first = yield* voice.socket(1)
          first.handsOff("call-1", "do the first")
          yield* first.until(({ texts }) => texts.some((text) => text.includes("the first is done")))
          first.cut()
          const second = yield* voice.socket(2)
          yield* second.until(({ texts }) => texts.some((text) => text.includes("the first is done")))
          yield* remembered(home, "the first is done")
          yield* kill(of)
          yield* of.eventually(of.work(), ({ session }) => session === null)
          expect(yield* runsOf(of)).toMatchObject([{ status: "started" }])
          second.handsOff("call-2", "do the second")
          yield* second.until(({ texts }) => texts.some((text) => text.includes("the second is done")))
          yield* of.voices.start(thread, {})
          const third = yield* voice.socket(3)
          third.handsOff("call-3", "do the third")
          yield* third.until(({ texts }) => texts.some((text) => text.includes("the third is done")))
          yield* handedOff(of, 3)
          const { delegations, turns } = yield* ended(of, 3)
          expect(turns.map(({ turnId }) => turnId)).toEqual(delegations.map(({ delegationId }) => delegationId))
          expect(turns.every(({ outcome }) => outcome === "completed")).toBe(true)
          yield* of.voices.stop(thread)
          expect(yield* runsOf(of)).toMatchObject([{ reason: "replaced" }, { reason: "requested" }])
          for (const socket of [first, second]) {
            expect(socket.texts.filter((text) => text.includes("the first is done"))).toHaveLength(1)
          }
          yield* voiceChecked(of)
          yield* checked(of)
        }),
    )
  })
}
