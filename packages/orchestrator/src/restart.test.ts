/**
 * A server that is killed at any commit of what six threads do, among them one that is archived and one that is deleted.
 * `CRASHES=all` kills it at every one, before and after it is on the disk; else at one of six.
 */
import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { crashedIn, submissionsOf } from "../test/Crashes.js"
import { type CrashAt, id, type OrchestratorFixture, quiet, running, until } from "../test/OrchestratorFixture.js"

const labels = ["runs", "done", "asks", "queues", "archived", "deleted"] as const
const threadIds = labels.map((label) => id(`thread ${label}`))

const every = process.env.CRASHES === "all" ? 1 : 6

/** Six threads on one process; each has got as far as its name says. */
const story = (fixture: OrchestratorFixture) =>
  Effect.gen(function* () {
    for (const [index, label] of labels.entries()) {
      const threadId = threadIds[index] ?? ""
      yield* fixture.createThread(threadId)
      yield* fixture.dispatch({ type: "message.send", threadId, text: label })
      yield* running(fixture, threadId)
      const native = fixture.agent.last.threads.at(-1) ?? ""
      const say = fixture.agent.last.say.bind(fixture.agent.last, native)
      say("item.started", { kind: "agent_message" }, { turnId: "turn-1", itemId: "i" })
      say("content.delta", { stream: "text", text: "half an ans" }, { turnId: "turn-1", itemId: "i" })
      if (label === "done") say("turn.completed", { outcome: "completed" }, { turnId: "turn-1" })
      if (label === "asks") say("request.opened", { kind: "other" }, { turnId: "turn-1", requestId: "0" })
      if (label === "queues") yield* fixture.dispatch({ type: "message.send", threadId, text: "next" })
      if (label === "archived") yield* fixture.dispatch({ type: "thread.archive", threadId })
      if (label === "deleted") {
        // A thread with a session that lives is not deleted.
        yield* fixture.dispatch({ type: "session.stop", threadId })
        yield* until(fixture.work(threadId), ({ session }) => session === null)
        yield* fixture.dispatch({ type: "thread.delete", threadId })
      }
    }
    yield* quiet
  })

/** What is stored of the six, those that were begun. */
const standings = (fixture: OrchestratorFixture) =>
  Effect.gen(function* () {
    const found = []
    for (const threadId of threadIds) {
      if ((yield* fixture.log(threadId)).length > 0) {
        found.push({ threadId, ...(yield* fixture.work(threadId)), log: (yield* fixture.log(threadId)).length })
      }
    }
    return found
  })

/** What the next run makes of it; `reached` is how many submissions there are until then. */
const crashing = (crashAt: CrashAt, reached: number) =>
  Effect.gen(function* () {
    const fixture = yield* crashedIn(story, crashAt, (killed) =>
      until(
        Effect.sync(() => killed.submissions),
        (given) => given >= reached,
      ),
    )
    const [process] = fixture.agent.connections
    // What the killed run had given to the database is there or not before the next one begins.
    yield* quiet
    const left = yield* standings(fixture)
    yield* fixture.start()
    yield* quiet
    yield* TestClock.adjust("3 seconds")
    yield* quiet
    const settled = yield* standings(fixture)
    for (const { log, session, threadId, turns } of settled) {
      const was = left.find((one) => one.threadId === threadId)
      const told = JSON.stringify({ crashAt, threadId, session, turns })
      // Nothing of the killed run lives; what had not been delivered may run in the next one.
      expect(log, told).toBeGreaterThanOrEqual(was?.log ?? 0)
      expect(session !== null && session.connectionId === process?.options.connectionId, told).toBe(false)
      for (const turn of was?.turns ?? []) {
        const { snapshot } = yield* fixture.snapshot(threadId)
        const after = snapshot.turns.find(({ turnId }) => turnId === turn.turnId)
        if (turn.status === "running") expect(after, told).toMatchObject({ status: "ended", outcome: "interrupted" })
        expect(
          snapshot.requests.filter(({ status }) => status === "open"),
          told,
        ).toEqual([])
        expect(
          snapshot.items.filter(({ status }) => status === "open"),
          told,
        ).toEqual([])
      }
      expect(yield* fixture.violations(threadId), told).toEqual([])
    }
    // Where nothing runs now, another restart has nothing to say.
    fixture.crash()
    yield* fixture.start()
    yield* TestClock.adjust("3 seconds")
    yield* quiet
    const again = yield* standings(fixture)
    for (const { log, session, threadId } of settled) {
      if (session === null) expect(again.find((one) => one.threadId === threadId)?.log).toBe(log)
    }
    return settled
  }).pipe(Effect.scoped)

describe("a server that is killed", () => {
  it.effect(
    "at any commit settles every thread that it left, hidden ones too, and once",
    () =>
      Effect.gen(function* () {
        const steps = yield* submissionsOf(story)
        expect(steps).toBeGreaterThan(30)
        for (let submission = 2; submission <= steps; submission += every) {
          for (const committed of every === 1 ? [false, true] : [submission % (2 * every) === 2]) {
            yield* crashing({ submission, committed }, submission)
          }
        }
        const all = yield* crashing({ submission: steps + 1, committed: false }, steps)
        expect(all.map(({ session, turns }) => [session, turns.map(({ status }) => status)])).toEqual(
          labels.map(() => [null, []]),
        )
        expect(all.map(({ thread }) => [thread.archivedAt !== null, thread.deletedAt !== null])).toEqual(
          labels.map((label) => [label === "archived", label === "deleted"]),
        )
      }),
    600_000,
  )
})
