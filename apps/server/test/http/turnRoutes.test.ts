/** One turn over HTTP: at once, at its end, at the time limit; and callers who wait in vain. */
import { describe, expect } from "@effect/vitest"
import { TurnDetail } from "@threadfold/contracts"
import { Engine } from "@threadfold/engine"
import { Effect, Fiber, TestClock } from "effect"
import { busyThread, type ManagedThread } from "./support/Managed.js"
import { sharing } from "./support/sharing.js"
import { call, callAs, callText, problemOfCall, sessionId, testServer } from "./support/TestServer.js"

const turn = (turnId: string, query = "") => callAs(TurnDetail, `/v1/turns/${turnId}${query}`)

/** Until so many calls wait. Calls go over real sockets, which no test clock waits for: it is looked for until it is so. */
const untilWaiting = (count: number) =>
  Effect.iterate(-1, {
    while: (waiting) => waiting !== count,
    body: () =>
      Effect.map(callText("/metrics"), ({ text }) => Number(/^threadfold_turn_waiters (\d+)$/m.exec(text)?.[1])),
  })

const completes = ({ says }: ManagedThread) => says("turn.completed", { outcome: "completed" }, { turnId: "t1" })

describe("a turn", () => {
  sharing(testServer({ limits: { waiters: 2 } }), (test) => {
    test("is told with its thread and version, and 304 while it is the same", () =>
      Effect.gen(function* () {
        const thread = yield* busyThread
        const { body, headers } = yield* turn(thread.turnId)
        expect(body).toMatchObject({
          turnId: thread.turnId,
          threadId: thread.threadId,
          status: "running",
          uncertain: false,
        })
        const same = call(`/v1/turns/${thread.turnId}`, { headers: { "if-none-match": headers.get("etag") ?? "" } })
        expect((yield* same).status).toBe(304)
        yield* completes(thread)
        expect((yield* same).status).toBe(200)
        const missing = yield* problemOfCall(`/v1/turns/${sessionId(404)}?wait=5`)
        expect([missing.status, missing.slug]).toEqual([404, "turn-not-found"])
        for (const wait of ["61", "-1", "soon", ""]) {
          expect([wait, (yield* problemOfCall(`/v1/turns/${thread.turnId}?wait=${wait}`)).status]).toEqual([wait, 400])
        }
      }))

    test("that has ended is told without waiting", () =>
      Effect.gen(function* () {
        const thread = yield* busyThread
        yield* completes(thread)
        const { body } = yield* turn(thread.turnId, "?wait=60")
        expect(body).toMatchObject({ status: "ended", outcome: "completed", settled: true })
      }))

    test("is told as soon as its end is observed, to all who wait", () =>
      Effect.gen(function* () {
        const thread = yield* busyThread
        const waiting = yield* Effect.fork(
          Effect.all([turn(thread.turnId, "?wait=60"), turn(thread.turnId, "?wait=60")], { concurrency: 2 }),
        )
        yield* untilWaiting(2)
        // What an agent says in the middle of a turn wakes nobody for good.
        yield* thread.says("item.started", { kind: "agent_message" }, { turnId: "t1", itemId: "i1" })
        yield* completes(thread)
        for (const { body } of yield* Fiber.join(waiting)) {
          expect(body).toMatchObject({ outcome: "completed", evidence: "observed", settled: true })
        }
        yield* untilWaiting(0)
      }))

    test("that only seems to have ended is told when that is settled", () =>
      Effect.gen(function* () {
        const thread = yield* busyThread
        const waiting = yield* Effect.fork(turn(thread.turnId, "?wait=60"))
        yield* untilWaiting(1)
        yield* thread.says("session.state.changed", { state: "ready" })
        expect((yield* turn(thread.turnId)).body).toMatchObject({ status: "ended", settled: false })
        const engine = yield* Engine
        yield* engine.submit({
          drafts: [
            {
              to: { streamId: thread.threadId },
              sessionId: null,
              actor: "orchestrator",
              event: {
                type: "turn.settled",
                turnId: thread.turnId,
                channel: null,
                seq: null,
                at: 0,
                payload: {},
                eventId: sessionId(700),
              },
            },
          ],
        })
        const { body } = yield* Fiber.join(waiting)
        expect(body).toMatchObject({ outcome: "unknown", evidence: "inferred", settled: true })
      }))

    test("that goes on is told as it is when the time is over", () =>
      Effect.gen(function* () {
        const { turnId } = yield* busyThread
        const waiting = yield* Effect.fork(turn(turnId, "?wait=60"))
        yield* untilWaiting(1)
        yield* TestClock.adjust("60 seconds")
        const { body, status } = yield* Fiber.join(waiting)
        expect([status, body.status]).toEqual([200, "running"])
        yield* untilWaiting(0)
      }))

    test("is waited for by so many, and by nobody who has gone", () =>
      Effect.gen(function* () {
        const { turnId } = yield* busyThread
        const waiting = yield* Effect.fork(
          Effect.all([turn(turnId, "?wait=60"), turn(turnId, "?wait=60")], { concurrency: 2 }),
        )
        yield* untilWaiting(2)
        const late = yield* problemOfCall(`/v1/turns/${turnId}?wait=60`)
        expect([late.status, late.slug]).toEqual([429, "too-many-requests"])
        // Who does not wait is answered as ever.
        expect((yield* turn(turnId)).status).toBe(200)
        yield* Fiber.interrupt(waiting)
        yield* untilWaiting(0)
      }))
  })
})
