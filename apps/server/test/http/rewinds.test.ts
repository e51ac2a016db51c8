/** Turns that an adapter takes back, and threads that are deleted, as a client sees them. */
import { describe, expect, it } from "@effect/vitest"
import { ItemView, ThreadView, TurnDetail, TurnView } from "@threadfold/contracts"
import { pageOf, ThreadPage, UsagePage } from "@threadfold/contracts/api"
import { Effect } from "effect"
import { attach, call, callAs, problemOfCall, push, sessionId, testServer } from "./support/TestServer.js"

const session = sessionId(1)
const turns = pageOf(TurnView)
let seq = 0
const say = (type: string, payload: object, native: object = {}) => {
  seq += 1
  return { type, channel: "adapter:test", seq, at: 1_700_000_000_000 + seq, payload, native }
}
const turn = (turnId: string, total: number) => [
  say("turn.started", {}, { turnId }),
  say("item.started", { kind: "agent_message" }, { turnId, itemId: turnId }),
  say(
    "thread.token-usage.updated",
    {
      mode: "cumulative-thread",
      total: { totalTokens: total },
      last: { totalTokens: 10 },
      contextWindow: 500,
    },
    { turnId },
  ),
  say("turn.diff.updated", { diff: `diff ${turnId}` }, { turnId }),
  say("turn.completed", { outcome: "completed" }, { turnId }),
]

describe("turns that were taken back", () => {
  it.live("say so and since when in every view, can be left out, and keep their tokens", () =>
    Effect.gen(function* () {
      seq = 0
      const { threadId } = (yield* attach(session, { provider: "test", nativeThreadId: "n", leaseMs: 600_000 })).body
      yield* push(session, [...turn("t1", 10), ...turn("t2", 20), ...turn("t3", 30)])
      const path = `/v1/threads/${threadId}`
      const before = yield* callAs(ThreadPage, path)
      const pushed = yield* push(session, [say("thread.rewound", { count: 2 })])
      const sequence = pushed.body.results[0]?.sequence ?? 0
      yield* push(session, [say("turn.completed", { outcome: "failed" }, { turnId: "t3" }), ...turn("t4", 20)])

      const all = (yield* callAs(turns, `${path}/turns`)).body.items
      const since = (at: number | null, of: number | null) => [at !== null, of]
      expect(all.map((one) => [one.nativeTurnId, one.rewound, ...since(one.rewoundAt, one.rewoundSequence)])).toEqual([
        ["t4", false, false, null],
        ["t3", true, true, sequence],
        ["t2", true, true, sequence],
        ["t1", false, false, null],
      ])
      const names = (rewound: boolean) =>
        Effect.map(callAs(turns, `${path}/turns?rewound=${rewound}`), ({ body }) =>
          body.items.map(({ nativeTurnId }) => nativeTurnId),
        )
      expect([yield* names(false), yield* names(true)]).toEqual([
        ["t4", "t1"],
        ["t3", "t2"],
      ])
      const items = (yield* callAs(pageOf(ItemView), `${path}/items?rewound=false`)).body.items
      expect(items.map(({ nativeItemId }) => nativeItemId)).toEqual(["t4", "t1"])
      const shown = (yield* callAs(ThreadPage, `${path}?rewound=false`)).body
      expect(shown.turns.map(({ nativeTurnId }) => nativeTurnId)).toEqual(["t1", "t4"])
      expect(shown.anomalies).toMatchObject([{ reason: "turn-rewound", count: 1 }, { reason: "usage-regressed" }])

      const one = yield* callAs(TurnDetail, `/v1/turns/${all[1]?.turnId}`)
      expect(one.body).toMatchObject({ rewound: true, outcome: "completed", diff: "diff t3", version: sequence })
      const stale = { headers: { "if-none-match": before.headers.get("etag") ?? "" } }
      expect((yield* call(path, stale)).status).toBe(200)
      expect((yield* callAs(UsagePage, `${path}/usage`)).body.usage).toMatchObject({
        totalTokens: 40,
        contextWindow: 500,
        last: { totalTokens: 10 },
      })
    }).pipe(Effect.provide(testServer())),
  )
})

describe("a deleted thread", () => {
  it.live("is read with its deletion, listed alone, takes no command, and comes back as it was", () =>
    Effect.gen(function* () {
      seq = 0
      const { threadId } = (yield* attach(session, { provider: "test", nativeThreadId: "n", leaseMs: 600_000 })).body
      yield* attach(sessionId(2), { provider: "test", nativeThreadId: "other", leaseMs: 600_000 })
      yield* push(session, turn("t1", 10))
      yield* call(`/v1/sessions/${session}`, { method: "DELETE" })
      const path = `/v1/threads/${threadId}`
      const before = (yield* callAs(ThreadPage, path)).body
      const ids = (query: string) =>
        Effect.map(callAs(pageOf(ThreadView), `/v1/threads${query}`), ({ body }) =>
          body.items.map((one) => one.threadId === threadId),
        )
      expect((yield* call(path, { method: "DELETE" })).status).toBe(202)
      expect([yield* ids(""), yield* ids("?deleted=false"), yield* ids("?deleted=true")]).toEqual([
        [false],
        [false],
        [true],
      ])
      const gone = (yield* callAs(ThreadPage, path)).body
      expect(gone.thread.deletedAt).not.toBeNull()
      expect(gone.turns).toEqual(before.turns)
      const archive = { method: "POST" }
      const refused = yield* problemOfCall(`${path}/archive`, archive)
      expect([refused.status, refused.slug]).toEqual([404, "thread-not-found"])
      expect(refused.detail).toContain("restore")
      expect((yield* call(`${path}/restore`, { method: "POST" })).status).toBe(202)
      const back = (yield* callAs(ThreadPage, path)).body
      const { updatedAt, streamVersion, ...same } = before.thread
      expect(back.thread).toMatchObject({ ...same, deletedAt: null })
      expect(back.thread.updatedAt).toBeLessThanOrEqual(Date.now())
      expect([yield* ids("?deleted=true"), (yield* ids("")).length]).toEqual([[], 2])
    }).pipe(Effect.provide(testServer())),
  )
})
