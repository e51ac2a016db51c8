/** The real Claude, by its Agent SDK, under the orchestrator, against a model server of ours on loopback. */
import { describe, expect } from "@effect/vitest"
import { makeClaudeDriver } from "@threadfold/providers"
import { Anthropic, installedAgent } from "@threadfold/testkit"
import { Effect } from "effect"
import { type ClaudeStories, claudeStories, openStory } from "../test/ClaudeStories.js"
import { snapshotOf } from "../test/OrchestratorFixture.js"
import { checked, ended, rowsOf, stopped, withAgent } from "../test/RealAgent.js"

const stories: ClaudeStories = {
  title: "the real Claude",
  agent: installedAgent("claude"),
  driver: ({ module }, { env }) => makeClaudeDriver({ sdk: module, env, limits: { graceMs: 500 } }),
  cancelled: "declined",
}

claudeStories(stories)

describe("the real Claude, asked about its conversation", () => {
  const real = withAgent(stories.agent)

  real(
    "goes on from before turns that were taken back, in its next session, and no token is lost or counted twice",
    () =>
      Effect.gen(function* () {
        const script = [1, 2, 3, 4].map((n) => Anthropic.plain(`said-${n}`))
        const { model, of } = yield* openStory(stories, script)
        for (const n of [1, 2, 3]) {
          yield* of.send(`asked-${n}`)
          yield* ended(of, n)
        }
        const { commandId, turnId } = yield* of.dispatch({ type: "thread.rewind", turns: 2 })
        yield* of.eventually(of.orchestrator.effectsOf(commandId), ([one]) => one?.status === "delivered")
        yield* of.eventually(snapshotOf(of), ({ turns }) => turns.filter(({ rewound }) => rewound).length === 2)
        yield* stopped(of)
        yield* of.send("asked-4")
        const { turns } = yield* ended(of, 4)
        expect(turns.map(({ rewound, usage }) => [rewound, usage?.outputTokens])).toEqual([
          [false, turns[0]?.usage?.outputTokens],
          [true, turns[0]?.usage?.outputTokens],
          [true, turns[0]?.usage?.outputTokens],
          [false, turns[0]?.usage?.outputTokens],
        ])
        expect(turns[0]?.usage?.outputTokens).toBeGreaterThan(0)
        expect(turns[1]?.turnId).toBe(turnId)
        const asks = JSON.stringify(model.requests().at(-1)?.body)
        const told = [1, 2, 3, 4].flatMap((n) => [`asked-${n}`, `said-${n}`]).filter((words) => asks.includes(words))
        expect(told).toEqual(["asked-1", "said-1", "asked-4"])
        yield* checked(of)
      }),
  )

  real("compacts its conversation in the turn that was asked for", () =>
    Effect.gen(function* () {
      const { of } = yield* openStory(
        stories,
        ["said", "a summary"].map((said) => Anthropic.plain(said)),
      )
      yield* of.send("asked")
      yield* ended(of)
      const { turnId } = yield* of.dispatch({ type: "thread.compact" })
      const { items, turns } = yield* ended(of, 2)
      expect(turns[1]).toMatchObject({ turnId, outcome: "completed", evidence: "observed" })
      expect(rowsOf(turnId)(items).map(({ kind }) => kind)).toContain("compaction")
      yield* checked(of)
    }),
  )
})
