/** Forks over HTTP: given once however often they are sent, copied beside the server, read-only. */
import { describe, expect, it } from "@effect/vitest"
import { Receipt, ThreadId, ThreadView, TurnId } from "@threadfold/contracts"
import { FoundMoment, pageOf } from "@threadfold/contracts/api"
import { Engine } from "@threadfold/engine"
import { Orchestrator, pendingForks } from "@threadfold/orchestrator"
import { recording } from "@threadfold/testkit"
import { Effect, Stream } from "effect"
import { copyEvents } from "../../src/forks/copyThread.js"
import { Library } from "../recordings/Library.js"
import {
  attach,
  call,
  callAs,
  notice,
  problemOfCall,
  push,
  serverOn,
  sessionId,
  testServer,
  threadOf,
} from "./support/TestServer.js"

const post = (body: object, key?: string): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", ...(key === undefined ? {} : { "idempotency-key": key }) },
  body: JSON.stringify(body),
})

/** Waits for the event that makes a fork whole. */
const whole = (threadId: string) =>
  Effect.flatMap(Engine, ({ log }) =>
    Stream.runHead(log.subscribe({ after: 0, streamId: threadId, types: ["thread.forked"] })),
  )

const fork = (threadId: string, turnId: string, key?: string) =>
  Effect.gen(function* () {
    const { body, status } = yield* callAs(Receipt, `/v1/threads/${threadId}/fork`, post({ turnId }, key))
    expect(status).toBe(202)
    yield* whole(body.threadId)
    return body
  })

/** The ids of the list of threads. */
const listed = Effect.map(callAs(pageOf(ThreadView), "/v1/threads?limit=100"), ({ body }) =>
  body.items.map((thread): string => thread.threadId),
)

const withLibrary = <A, E, R>(body: (library: Library) => Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    Effect.promise(async () => {
      const library = new Library()
      await library.import([recording("codex-revert").path])
      return library
    }),
    body,
    (library) => Effect.sync(() => library.close()),
  )

/** The thread with most turns, and its turns that have ended, the oldest first. */
const origin = (library: Library) =>
  library.look(({ handle }) => {
    const turns = handle
      .prepare<[], { threadId: string; turnId: string }>(
        `SELECT thread_id AS "threadId", turn_id AS "turnId" FROM turns WHERE status = 'ended' AND thread_id =
         (SELECT thread_id FROM turns GROUP BY thread_id ORDER BY count(*) DESC LIMIT 1) ORDER BY started_at`,
      )
      .all()
    return { threadId: turns[0]?.threadId ?? "", turnIds: turns.map(({ turnId }) => turnId) }
  })

describe("a fork", () => {
  it.live("is a thread with the same beginning, made once for a key, and can be forked", () =>
    withLibrary((library) => {
      const { threadId, turnIds } = origin(library)
      const [first = ""] = turnIds
      return Effect.gen(function* () {
        const before = yield* threadOf(threadId)
        const receipt = yield* fork(threadId, first, "fork-1")
        expect(receipt.threadId).not.toBe(threadId)
        expect(yield* fork(threadId, first, "fork-1")).toEqual(receipt)
        const other = yield* problemOfCall(
          `/v1/threads/${threadId}/fork`,
          post({ turnId: turnIds.at(-1) ?? "" }, "fork-1"),
        )
        expect([other.status, other.slug]).toEqual([409, "command-conflict"])
        const copy = yield* threadOf(receipt.threadId)
        expect(copy.thread).toMatchObject({ forkedFromThreadId: threadId, title: before.thread.title, agent: null })
        expect(copy.turns.length).toBeLessThan(before.turns.length)
        expect(copy.turns.map(({ text }) => text)).toEqual(
          before.turns.slice(0, copy.turns.length).map(({ text }) => text),
        )
        expect(copy.usage ?? null).toBeNull()
        // The thread itself is as it was, and has what it used.
        expect({ ...(yield* threadOf(threadId)), sequence: 0 }).toEqual({ ...before, sequence: 0 })

        const again = yield* fork(receipt.threadId, copy.turns[0]?.turnId ?? "")
        const second = yield* threadOf(again.threadId)
        expect(second.thread.forkedFromThreadId).toBe(receipt.threadId)
        expect(second.turns.map(({ text }) => text)).toEqual(copy.turns.slice(0, 1).map(({ text }) => text))
        const listed = yield* callAs(pageOf(ThreadView), "/v1/threads?limit=100")
        expect(listed.body.items.map((thread) => thread.threadId)).toEqual(
          expect.arrayContaining([threadId, receipt.threadId, again.threadId]),
        )
        expect(yield* Effect.flatMap(Engine, pendingForks)).toEqual([])
        return [receipt.threadId, again.threadId]
      }).pipe(
        Effect.provide(serverOn(library.directory)),
        Effect.tap((forks) =>
          Effect.promise(async () => {
            expect(library.check()).toMatchObject({ ok: true })
            expect(library.verify()).toMatchObject({ ok: true })
            const hashes = library.hashes()
            await library.rebuild()
            for (const id of forks) expect(library.hashes().get(id)).toBe(hashes.get(id))
          }),
        ),
      )
    }),
  )

  it.live("that was accepted before the process ended is copied by the next one, and takes nothing before", () =>
    withLibrary((library) => {
      const { threadId, turnIds } = origin(library)
      const server = serverOn(library.directory)
      return Effect.gen(function* () {
        const accepted = yield* Effect.gen(function* () {
          const { dispatch } = yield* Orchestrator
          const intoThreadId = ThreadId.make(sessionId(9))
          const turnId = TurnId.make(turnIds[0] ?? "")
          const receipt = yield* dispatch({
            command: { type: "thread.fork", threadId: ThreadId.make(threadId), turnId, intoThreadId },
          })
          // Without the route nothing begins the copy: the process could have ended here.
          expect((yield* Effect.flatMap(Engine, pendingForks)).map((one) => one.threadId)).toEqual([intoThreadId])
          const early = yield* Effect.flip(
            dispatch({ command: { type: "thread.rename", threadId: intoThreadId, title: "x" } }),
          )
          expect(early).toMatchObject({ _tag: "ThreadIncomplete", isFork: true })
          expect(early.message).toContain("is a fork that is still being copied")
          // A part of the copy, in which a turn runs: lists do not show it before it is whole.
          const engine = yield* Engine
          const [mark] = yield* pendingForks(engine)
          if (mark === undefined) throw new Error("the fork is not marked")
          const [fifth] = library.look(({ driver }) => driver.read({ streamId: threadId, limit: 10 })).slice(4)
          yield* copyEvents(engine, mark, fifth?.sequence ?? 0)
          expect((yield* threadOf(intoThreadId)).thread.streamVersion).toBe(5)
          expect(yield* listed).toContain(threadId)
          expect(yield* listed).not.toContain(intoThreadId)
          return receipt
        }).pipe(Effect.provide(server))
        expect(accepted.threadId).toBe(sessionId(9))
        yield* Effect.gen(function* () {
          yield* whole(accepted.threadId)
          expect((yield* threadOf(accepted.threadId)).thread.forkedFromThreadId).toBe(threadId)
          expect(yield* listed).toContain(accepted.threadId)
          expect(yield* Effect.flatMap(Engine, pendingForks)).toEqual([])
        }).pipe(Effect.provide(serverOn(library.directory)))
      })
    }),
  )

  it.live("has none of the sessions that ran, and what waited there was ended by the fork", () =>
    Effect.gen(function* () {
      const from = (yield* attach(sessionId(1), { provider: "test", nativeThreadId: "n", leaseMs: 600_000 })).body
      const said = (seq: number, type: string, turn: string, payload: object) => ({
        ...notice(seq),
        type,
        native: { turnId: turn },
        payload,
      })
      yield* push(sessionId(1), [
        said(1, "turn.started", "t1", {}),
        said(2, "turn.completed", "t1", { outcome: "completed" }),
      ])
      const [turn] = (yield* threadOf(from.threadId)).turns
      const { threadId } = yield* fork(from.threadId, turn?.turnId ?? "")
      expect((yield* threadOf(from.threadId)).session).toMatchObject({ mode: "attached", status: "ready" })
      const copy = yield* threadOf(threadId)
      expect(copy.session).toMatchObject({ mode: "forked", status: "stopped", cause: "forked" })
      expect(copy.turns).toMatchObject([{ outcome: turn?.outcome, cause: turn?.cause, settled: turn?.settled }])
      // A fork of the fork is one, too.
      const again = yield* fork(threadId, copy.turns[0]?.turnId ?? "")
      expect((yield* threadOf(again.threadId)).session).toMatchObject({ mode: "forked" })
    }).pipe(Effect.provide(testServer())),
  )

  it.live("is made at the end that the provider reports, not where it says first that it is idle", () =>
    Effect.gen(function* () {
      const from = (yield* attach(sessionId(1), { provider: "test", nativeThreadId: "n", leaseMs: 600_000 })).body
      const said = (seq: number, type: string, turn: string, payload: object) => ({
        ...notice(seq),
        type,
        ...(turn === "" ? {} : { native: { turnId: turn } }),
        payload,
      })
      const { body } = yield* push(sessionId(1), [
        said(1, "turn.started", "t1", {}),
        said(2, "session.state.changed", "", { state: "ready" }),
        said(3, "turn.completed", "t1", { outcome: "completed" }),
        said(4, "turn.started", "t2", {}),
        said(5, "session.state.changed", "", { state: "ready" }),
        said(6, "runtime.warning", "", { message: "between" }),
        // The end of t2 is never reported: the start of another turn bounds it.
        said(7, "turn.started", "t3", {}),
        said(8, "turn.completed", "t3", { outcome: "completed" }),
      ])
      const sequences = body.results.map((result) => ("sequence" in result ? result.sequence : 0))
      const ids = (yield* threadOf(from.threadId)).turns.map(({ turnId }) => turnId)
      const expected = [
        [2, { outcome: "completed", cause: "provider", settled: true }],
        [5, { outcome: "unknown", cause: "session-ready" }],
        [7, { outcome: "completed", cause: "provider", settled: true }],
      ] as const
      for (const [index, [last, end]] of expected.entries()) {
        const path = `/v1/threads/${from.threadId}/moment?turn=${ids[index]}`
        expect((yield* callAs(FoundMoment, path)).body.sequence).toBe(sequences[last])
        const { threadId } = yield* fork(from.threadId, ids[index] ?? "")
        expect((yield* threadOf(threadId)).turns[index]).toMatchObject(end)
        expect((yield* threadOf(threadId)).turns).toHaveLength(index + 1)
      }
    }).pipe(Effect.provide(testServer())),
  )

  it.live("is read-only and says so, and is refused for what is no end of a turn of the thread", () =>
    withLibrary((library) => {
      const { threadId, turnIds } = origin(library)
      const [first = ""] = turnIds
      return Effect.gen(function* () {
        const receipt = yield* fork(threadId, first)
        const path = `/v1/threads/${receipt.threadId}`
        for (const [url, body] of [
          [`${path}/messages`, { text: "go on" }],
          [`${path}/session/start`, {}],
        ] as const) {
          const refused = yield* problemOfCall(url, post(body))
          expect([url, refused.status, refused.slug]).toEqual([url, 409, "thread-read-only"])
          expect(refused.detail).toContain(threadId)
        }
        const taken = yield* problemOfCall(`/v1/sessions/${sessionId(7)}`, {
          ...post({ threadId: receipt.threadId, provider: "codex", leaseMs: 60_000 }),
          method: "PUT",
        })
        expect([taken.status, taken.slug]).toEqual([409, "thread-read-only"])

        const unknown = yield* problemOfCall(`/v1/threads/${threadId}/fork`, post({ turnId: sessionId(1) }))
        expect([unknown.status, unknown.slug]).toEqual([404, "resource-not-found"])
        const foreign = yield* problemOfCall(`/v1/threads/${receipt.threadId}/fork`, post({ turnId: first }))
        expect([foreign.status, foreign.slug]).toEqual([404, "resource-not-found"])
        const missing = yield* problemOfCall(`/v1/threads/${sessionId(2)}/fork`, post({ turnId: first }))
        expect([missing.status, missing.slug]).toEqual([404, "thread-not-found"])
        expect((yield* call(`/v1/threads/${threadId}/fork`, post({ turnId: "x" }))).status).toBe(400)
      }).pipe(Effect.provide(serverOn(library.directory)))
    }),
  )
})
