/**
 * A server that is killed at any commit of what six threads do, among them one that is archived and one that is deleted.
 * `CRASHES=all` kills it at every one, before and after it is on the disk; else at one of six.
 */
import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { crashedIn, submissionsOf } from "../test/Crashes.js"
import { type CrashAt, type House, id, quiet, until } from "../test/House.js"

const labels = ["runs", "done", "asks", "queues", "archived", "deleted"] as const
const threadIds = labels.map((label) => id(`thread ${label}`))

const every = process.env.CRASHES === "all" ? 1 : 6

const runs = (house: House, threadId: string) =>
  until(house.work(threadId), ({ session }) => session?.status === "running")

/** Six threads on one process; each has got as far as its name says. */
const story = (house: House) =>
  Effect.gen(function* () {
    for (const [index, label] of labels.entries()) {
      const threadId = threadIds[index] ?? ""
      yield* house.createThread(threadId)
      yield* house.give({ type: "message.send", threadId, text: label })
      yield* runs(house, threadId)
      const native = house.agent.last.threads.at(-1) ?? ""
      const say = house.agent.last.say.bind(house.agent.last, native)
      say("item.started", { kind: "agent_message" }, { turnId: "turn-1", itemId: "i" })
      say("content.delta", { stream: "text", text: "half an ans" }, { turnId: "turn-1", itemId: "i" })
      if (label === "done") say("turn.completed", { outcome: "completed" }, { turnId: "turn-1" })
      if (label === "asks") say("request.opened", { kind: "other" }, { turnId: "turn-1", requestId: "0" })
      if (label === "queues") yield* house.give({ type: "message.send", threadId, text: "next" })
      if (label === "archived") yield* house.give({ type: "thread.archive", threadId })
      if (label === "deleted") {
        // A thread with a session that lives is not deleted.
        yield* house.give({ type: "session.stop", threadId })
        yield* until(house.work(threadId), ({ session }) => session === null)
        yield* house.give({ type: "thread.delete", threadId })
      }
    }
    yield* quiet
  })

/** What is stored of the six, those that were begun. */
const standings = (house: House) =>
  Effect.gen(function* () {
    const found = []
    for (const threadId of threadIds) {
      if ((yield* house.log(threadId)).length > 0) {
        found.push({ threadId, ...(yield* house.work(threadId)), log: (yield* house.log(threadId)).length })
      }
    }
    return found
  })

/** What the next run makes of it; `reached` is how many submissions there are until then. */
const crashing = (crashAt: CrashAt, reached: number) =>
  Effect.gen(function* () {
    const house = yield* crashedIn(story, crashAt, (killed) =>
      until(
        Effect.sync(() => killed.submissions),
        (given) => given >= reached,
      ),
    )
    const [process] = house.agent.connections
    // What the killed run had given to the database is there or not before the next one begins.
    yield* quiet
    const left = yield* standings(house)
    yield* house.start()
    yield* quiet
    yield* TestClock.adjust("3 seconds")
    yield* quiet
    const settled = yield* standings(house)
    for (const { log, session, threadId, turns } of settled) {
      const was = left.find((one) => one.threadId === threadId)
      const told = JSON.stringify({ crashAt, threadId, session, turns })
      // Nothing of the killed run lives; what had not been handed over may run in the next one.
      expect(log, told).toBeGreaterThanOrEqual(was?.log ?? 0)
      expect(session !== null && session.connectionId === process?.options.connectionId, told).toBe(false)
      for (const turn of was?.turns ?? []) {
        const { snapshot } = yield* house.snapshot(threadId)
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
      expect(yield* house.violations(threadId), told).toEqual([])
    }
    // Where nothing runs now, another restart has nothing to say.
    house.crash()
    yield* house.start()
    yield* TestClock.adjust("3 seconds")
    yield* quiet
    const again = yield* standings(house)
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
