/** What the real Codex does when its model, its stream or its process fails, and beside another thread of the same process. */
import { describe, expect } from "@effect/vitest"
import { makeHold, OpenAi, refusedPort } from "@threadfold/testkit"
import { Effect } from "effect"
import { id } from "../test/OrchestratorFixture.js"
import { checked, ended, kill, saysHalf, textsOf } from "../test/RealAgent.js"
import { codexFixture as fixture, withCodex as real } from "../test/RealCodex.js"

describe("a failure of the real Codex", () => {
  real("reads on after a stream broke off", () =>
    Effect.gen(function* () {
      const model = yield* OpenAi.server({ script: [OpenAi.eof("lost", "text"), OpenAi.plain("whole")] })
      const of = yield* fixture({ baseUrl: model.baseUrl, streamRetries: 2 })
      yield* of.send("one")
      const { items, turns } = yield* ended(of)
      expect(turns).toMatchObject([{ outcome: "completed" }])
      expect(textsOf(items).at(-1)).toBe("whole")
      yield* checked(of)
    }),
  )

  for (const status of [429, 500]) {
    real(`fails a turn when the model says ${status}, and works on`, () =>
      Effect.gen(function* () {
        const refused = OpenAi.status(status)
        const model = yield* OpenAi.server({ script: [refused, OpenAi.plain("better")] })
        const of = yield* fixture({ baseUrl: model.baseUrl, requestRetries: 0, streamRetries: 0 })
        yield* of.send("one")
        const { turns } = yield* ended(of)
        expect(turns).toMatchObject([{ outcome: "failed", evidence: "observed" }])
        yield* of.send("two")
        expect((yield* ended(of, 2)).turns.at(-1)).toMatchObject({ outcome: "completed" })
        yield* checked(of)
      }),
    )
  }

  real("whose model hangs is ended by its own limit or by a person", () =>
    Effect.gen(function* () {
      const hold = makeHold()
      const model = yield* OpenAi.server({ script: [OpenAi.hang(hold)] })
      const of = yield* fixture({ baseUrl: model.baseUrl, streamIdleMs: 300, streamRetries: 0, requestRetries: 0 })
      yield* of.send("one")
      expect((yield* ended(of)).turns).toMatchObject([{ outcome: "failed" }])
      yield* checked(of)
    }),
  )

  real("serves two threads with one process", () =>
    Effect.gen(function* () {
      const holds = [makeHold(), makeHold()] as const
      const model = yield* OpenAi.server({ script: [OpenAi.hang(holds[0]), OpenAi.hang(holds[1])] })
      const of = yield* fixture({ baseUrl: model.baseUrl })
      const other = id("other thread")
      yield* of.createThread(other, "/")
      yield* of.send("one")
      yield* holds[0].reached
      yield* of.dispatch({ type: "message.send", threadId: other, text: "two" })
      yield* holds[1].reached
      const sessions = [(yield* of.work()).session, (yield* of.work(other)).session]
      expect(sessions[0]?.connectionId).toBe(sessions[1]?.connectionId)
      holds[1].say("other")
      holds[1].end("completed")
      yield* ended(of, 1, other)
      expect((yield* of.work()).session).toMatchObject({ status: "running" })
      yield* of.dispatch({ type: "session.stop", threadId: other })
      yield* of.eventually(of.work(other), ({ session }) => session === null)
      holds[0].say("one")
      holds[0].end("completed")
      expect((yield* ended(of)).turns).toMatchObject([{ outcome: "completed" }])
      yield* checked(of)
    }),
  )

  real("killed in mid-turn ends its turn; the next message resumes the thread in a new process", () =>
    Effect.gen(function* () {
      const hold = makeHold()
      const model = yield* OpenAi.server({ script: [OpenAi.plain("kept"), OpenAi.hang(hold), OpenAi.plain("back")] })
      const of = yield* fixture({ baseUrl: model.baseUrl })
      yield* saysHalf(of, hold)
      yield* kill(of)
      yield* of.eventually(of.work(), ({ session }) => session === null)
      const { turns } = yield* ended(of, 2)
      expect(turns.at(-1)).toMatchObject({ outcome: "interrupted", evidence: "inferred" })
      yield* of.send("three")
      const after = yield* ended(of, 3)
      expect(after.turns.at(-1)).toMatchObject({ outcome: "completed" })
      expect(after.session).toMatchObject({ epoch: 2 })
      expect(textsOf(after.items)).toEqual(["kept", "half", "back"])
      expect(new Set(after.turns.map(({ turnId }) => turnId)).size).toBe(3)
      // Codex tells the total of the thread, and once more when it opens it again.
      const perTurn = after.turns.map(({ usage }) => usage?.totalTokens ?? null)
      expect(perTurn).toEqual([150, null, 150])
      expect(after.usage?.totalTokens).toBe(300)
      yield* checked(of)
    }),
  )

  real("that cannot reach its model is interrupted by our deadline, for it tries for ever", () =>
    Effect.gen(function* () {
      const port = yield* refusedPort
      const of = yield* fixture({ baseUrl: `http://127.0.0.1:${port}/v1` }, { limits: { retryMs: 1_000 } })
      yield* of.send("one")
      const { turns } = yield* ended(of)
      expect(turns).toMatchObject([{ outcome: "interrupted" }])
      yield* checked(of)
    }),
  )
})
