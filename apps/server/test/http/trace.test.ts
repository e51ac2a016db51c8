/** The trace of a thread: what it shows of model calls, and how it is paged. */
import { TraceTurn } from "@threadfold/contracts"
import { pageOf } from "@threadfold/contracts/api"
import { Effect, Layer } from "effect"
import { describe, expect } from "vitest"
import { Prices } from "../../src/config/Prices.js"
import { makeThread } from "./support/Managed.js"
import { sharing } from "./support/sharing.js"
import { call, callAs, testServer } from "./support/TestServer.js"

const prices = { "model-1": { input: 1_000, output: 10_000 } }
const TracePage = pageOf(TraceTurn)

/** A thread with two turns; the first has two model calls, one of which led to a command. */
const traced = Effect.gen(function* () {
  const thread = yield* makeThread
  yield* thread.says("session.started", { provider: "codex", mode: "managed" })
  const call = (id: string) => ({ turnId: "t1", inferenceId: id })
  yield* thread.says("turn.started", {}, { turnId: "t1" })
  yield* thread.says("inference.started", { model: "model-1", provider: "p" }, call("one"))
  yield* thread.says("inference.item", { key: "call_1", item: { type: "function_call" } }, call("one"))
  const usage = { inputTokens: 10, outputTokens: 2 }
  const evidence = { responseId: "resp_1", upstreamRequestId: "req_1", usage, firstByteMs: 7 }
  yield* thread.says("inference.completed", evidence, call("one"))
  yield* thread.says("item.started", { kind: "command", title: "ls" }, { turnId: "t1", itemId: "call_1" })
  yield* thread.says("item.completed", { kind: "command", status: "completed" }, { turnId: "t1", itemId: "call_1" })
  yield* thread.says("inference.started", { model: "model-2" }, call("two"))
  yield* thread.says("inference.item", { key: "#0", item: { type: "message" } }, call("two"))
  yield* thread.says("inference.cancelled", { reason: "gone", untraced: true }, call("two"))
  yield* thread.says("turn.completed", { outcome: "interrupted" }, { turnId: "t1" })
  yield* thread.says("turn.started", {}, { turnId: "t2" })
  yield* thread.says("turn.completed", { outcome: "completed" }, { turnId: "t2" })
  return thread.threadId
})

describe("the trace of a thread", () => {
  sharing(testServer().pipe(Layer.provide(Layer.succeed(Prices, prices))), (it) => {
    it("shows each call of each turn, its items and what they became, what it took and what it cost", () =>
      Effect.gen(function* () {
        const threadId = yield* traced
        const { body } = yield* callAs(TracePage, `/v1/threads/${threadId}/trace`)
        expect(body.items).toMatchObject([
          { outcome: "completed", attempts: [] },
          {
            outcome: "interrupted",
            moreAttempts: false,
            subagents: [],
            attempts: [
              {
                status: "completed",
                model: "model-1",
                firstByteMs: 7,
                durationMs: 2,
                partial: false,
                untraced: false,
                cost: 0.03,
                upstreamRequestId: "req_1",
                items: [
                  {
                    itemKey: "call_1",
                    ordinal: 1,
                    step: { kind: "command", title: "ls", status: "completed", durationMs: 1 },
                  },
                ],
                moreItems: false,
              },
              {
                status: "cancelled",
                cost: null,
                partial: true,
                untraced: true,
                outputItems: 1,
                error: "gone",
                items: [{ itemKey: "#0", step: null }],
              },
            ],
          },
        ])
      }))

    it("is paged by turns, and refuses a page that is too long", () =>
      Effect.gen(function* () {
        const path = `/v1/threads/${yield* traced}/trace`
        const { body: first } = yield* callAs(TracePage, `${path}?limit=1`)
        expect(first.items).toHaveLength(1)
        const { body: second } = yield* callAs(TracePage, `${path}?limit=1&cursor=${first.next}`)
        expect(second.items[0]?.attempts).toHaveLength(2)
        expect(second.next).toBeNull()
        expect((yield* call(`${path}?limit=51`)).status).toBe(400)
        expect((yield* call("/v1/threads/01990000-0000-7000-8000-00000000abcd/trace")).status).toBe(404)
      }))
  })
})
