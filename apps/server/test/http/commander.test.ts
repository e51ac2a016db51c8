/** The client's commands against a real server: once each, whatever the network does; and turns that are waited for. */
import { describe, expect } from "@effect/vitest"
import { connect, makeThreadfold, Unavailable } from "@threadfold/client"
import { Problem } from "@threadfold/contracts/problem"
import { Effect, Fiber, Schedule, Stream } from "effect"
import { HttpServer } from "../../src/http/index.js"
import { busyThread, command } from "./support/Managed.js"
import { behindProxy } from "./support/Proxy.js"
import { sharingLive } from "./support/sharing.js"
import { testAgent } from "./support/TestOrchestration.js"
import { callText, sessionId, testServer } from "./support/TestServer.js"

const quick = { backoffMs: [1, 5] } as const
const agent = testAgent.name
const threads = Effect.map(callText("/v1/stats"), ({ text }): number => JSON.parse(text).threads)

describe("the client's commands", () => {
  sharingLive(testServer(), (test) => {
    test("are given once, however often a call or its answer is lost", () =>
      Effect.gen(function* () {
        const before = yield* threads
        const { connection, keys } = yield* behindProxy(["lose-call", "lose-answer", 503, 429, "lose-answer"])
        const server = yield* makeThreadfold(connection, quick)
        const { threadId } = yield* server.createThread({ agent, title: "Once" })
        expect([yield* threads, new Set(keys).size, keys.length]).toEqual([before + 1, 1, 6])
        // Run again, the effect is another command.
        const sending = server.sendMessage(threadId, { text: "Hello" })
        const [first, second] = [yield* sending, yield* sending]
        expect([first.turnId === null, second.messageId === null]).toEqual([false, false])
      }).pipe(Effect.scoped))

    test("fail for good with the server's problem, and otherwise when the patience is over", () =>
      Effect.gen(function* () {
        const { connection, keys } = yield* behindProxy(["pass", 500, "lose-call", "lose-call"])
        const server = yield* makeThreadfold(connection, { ...quick, patienceMs: 0 })
        const missing = yield* Effect.flip(server.archiveThread(sessionId(404)))
        expect(missing).toMatchObject({ _tag: "Problem", slug: "thread-not-found" })
        const fault = yield* Effect.flip(server.archiveThread(sessionId(404)))
        expect(fault).toMatchObject({ _tag: "Problem", slug: "internal" })
        const lost = yield* Effect.flip(server.archiveThread(sessionId(404)))
        expect(lost).toMatchObject({ _tag: "Unavailable", problem: null })
        expect(keys.length).toBe(3)
        const wrong = yield* Effect.flip(server.createThread({ agent, threadId: "not an id" }))
        expect(wrong).toMatchObject({ _tag: "Problem", slug: "invalid-request" })
        expect(keys.length).toBe(3)
        const stranger = yield* makeThreadfold({ ...(yield* HttpServer), token: "wrong" }, quick)
        expect(yield* Effect.flip(stranger.resumeQueue(sessionId(404)))).toMatchObject({ slug: "unauthorized" })
        const nobody = yield* makeThreadfold({ url: "http://127.0.0.1:1", token: "" }, { ...quick, patienceMs: 20 })
        expect(yield* Effect.flip(nobody.resumeQueue(sessionId(404)))).toBeInstanceOf(Unavailable)
      }).pipe(Effect.scoped))

    test("say each what it says", () =>
      Effect.gen(function* () {
        const server = yield* makeThreadfold(yield* HttpServer, quick)
        const { messageIds, says, threadId, turnId } = yield* busyThread
        const { items } = yield* server.call((api) => api.requests.list({ urlParams: { status: "open" } }))
        const requestId = items.find((request) => request.threadId === threadId)?.requestId ?? ""
        const [first = "", second = ""] = messageIds
        const receipts = [
          yield* server.renameThread(threadId, { title: "Renamed" }),
          yield* server.archiveThread(threadId),
          yield* server.unarchiveThread(threadId),
          yield* server.keepThreadAlive(threadId, { until: null }),
          yield* server.reorderQueue(threadId, { messageIds: [second, first] }),
          yield* server.resumeQueue(threadId),
          yield* server.editMessage(threadId, first, { text: "Written again" }),
          yield* server.promoteMessage(threadId, first),
          yield* server.promoteMessage(threadId, second),
          yield* server.cancelMessage(threadId, first),
          yield* server.respond(requestId, { decision: "accept" }),
          yield* server.interruptTurn(turnId, { reason: "enough" }),
          yield* server.interruptThread(threadId),
          yield* server.startSession(threadId, { fresh: true }),
          yield* server.stopSession(threadId),
        ]
        expect(yield* Effect.flip(server.rewindThread(threadId))).toMatchObject({ slug: "turn-active" })
        expect(yield* Effect.flip(server.compactThread(threadId))).toMatchObject({ slug: "unsupported" })
        const target = { type: "uncommitted" } as const
        expect(yield* Effect.flip(server.startReview(threadId, { target }))).toMatchObject({ slug: "unsupported" })
        expect(yield* Effect.flip(server.rewindThread(threadId, { files: true }))).toMatchObject({
          slug: "unsupported",
        })
        expect(receipts.every((receipt) => receipt.threadId === threadId)).toBe(true)
        const { queue, thread } = yield* server.call((api) => api.threads.get({ path: { threadId }, urlParams: {} }))
        expect([thread.title, queue.map(({ messageId }) => messageId)]).toEqual(["Renamed", [second]])
        yield* says("session.exited", { reason: "exit" })
        yield* server.cancelMessage(threadId, second)
        const stale = yield* Effect.flip(server.deleteThread(threadId, { ifMatch: '"another-log.1"' }))
        expect(stale).toMatchObject({ slug: "precondition-failed" })
        const gone = yield* server.deleteThread(threadId)
        const again = { idempotencyKey: "the same" }
        const made = yield* server.createThread({ agent }, again)
        expect(yield* server.createThread({ agent }, again)).toEqual(made)
        expect(gone.threadId).toBe(threadId)
      }))

    test("wait for a turn, across lost connections and into the turn that took its message", () =>
      Effect.gen(function* () {
        const { connection } = yield* behindProxy(["lose-call", "lose-answer", 502])
        const server = yield* makeThreadfold(connection, quick)
        const { says, threadId, turnId } = yield* busyThread
        const { body } = yield* command("POST", `/v1/threads/${threadId}/messages`, { text: "More", mode: "interrupt" })
        yield* says("turn.accepted", {}, { turnId: "t1" }, body.turnId ?? "")
        const waiting = yield* Effect.fork(server.waitForTurn(body.turnId ?? ""))
        yield* callText("/metrics").pipe(
          Effect.repeat({
            schedule: Schedule.forever,
            until: ({ text }) => text.includes("threadfold_turn_waiters 1"),
          }),
        )
        yield* says("turn.completed", { outcome: "completed" }, { turnId: "t1" })
        expect(yield* Fiber.join(waiting)).toMatchObject({ turnId, outcome: "completed" })
        const missing = yield* Effect.flip(server.waitForTurn(sessionId(404)))
        expect(missing).toMatchObject({ slug: "turn-not-found" })
      }).pipe(Effect.scoped))

    test("give a turn as it is when the time is over", () =>
      Effect.gen(function* () {
        const server = yield* makeThreadfold(yield* HttpServer, quick)
        const { turnId } = yield* busyThread
        expect(yield* server.waitForTurn(turnId, { timeoutMs: 0 })).toMatchObject({ turnId, status: "running" })
      }))

    test("as promises: they reject with the failure itself, and a signal ends the waiting", () =>
      Effect.gen(function* () {
        const bound = yield* HttpServer
        const { turnId } = yield* busyThread
        yield* Effect.promise(async () => {
          const client = connect(bound, quick)
          const { threadId } = await client.createThread({ agent })
          expect((await client.sendMessage(threadId, { text: "Hello" })).turnId).not.toBeNull()
          expect((await client.run((api) => api.agents.list())).items).toHaveLength(1)
          await expect(client.archiveThread(sessionId(404))).rejects.toBeInstanceOf(Problem)
          await expect(
            connect({ ...bound, url: "http://127.0.0.1:1" }, { patienceMs: 0 }).resumeQueue("x"),
          ).rejects.toBeInstanceOf(Unavailable)
          const controller = new AbortController()
          const waiting = client.waitForTurn(turnId, { signal: controller.signal })
          controller.abort()
          await expect(waiting).rejects.toThrow()
          const stranger = connect({ ...bound, token: "wrong" })
          await expect(async () => {
            for await (const _ of stranger.events()) break
          }).rejects.toMatchObject({ slug: "unauthorized" })
        })
      }))

    test("events give up after so many failures in a row", () =>
      Effect.gen(function* () {
        const { connection, keys } = yield* behindProxy(["lose-call", 503, "lose-call", "pass"])
        const server = yield* makeThreadfold(connection)
        const failure = yield* Effect.flip(Stream.runDrain(server.events({ backoffMs: [1, 5], maxFailures: 2 })))
        expect([failure._tag, keys.length]).toEqual(["Unavailable", 3])
      }).pipe(Effect.scoped))
  })
})
