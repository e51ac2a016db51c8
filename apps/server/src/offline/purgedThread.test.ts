/** Questions about what a purged thread was, asked of its log without a server. */
import { describe, expect, it } from "@effect/vitest"
import { Problem } from "@threadfold/contracts/problem"
import { blankRow, type LogDriver, memoryDriver } from "@threadfold/event-log"
import { bisectLog } from "./bisectLog.js"
import { threadAt, threadDiff } from "./moments.js"
import { threadSteps } from "./threadSteps.js"
import { threadWhy } from "./why.js"

const threadId = "01a1f640-bc00-7248-aab9-d5463d4cc370"
const eventId = (n: number): string => `01a1f640-bc00-7248-8ab9-d5463d4cc37${n}`
const purgedAt = Date.parse("2026-11-20T10:00:00Z")

/** A log with a thread of two events that was purged. */
const purgedLog = (): LogDriver => {
  const driver = memoryDriver()
  const row = { ...blankRow, streamId: threadId, v: 1, actor: "client", recordedAt: purgedAt } as const
  const placed = (n: number, type: string, payload: object) => ({
    ...row,
    sequence: n,
    streamVersion: n,
    eventId: eventId(n),
    at: purgedAt - 100 + n,
    type,
    payload: JSON.stringify(payload),
  })
  driver.transaction(() => {
    driver.insert(placed(1, "thread.created", {}))
    driver.insert(placed(2, "thread.renamed", {}))
    driver.beginPurge({
      streamId: threadId,
      firstVersion: 1,
      lastVersion: 2,
      sealedHash: "0".repeat(64),
      eventId: eventId(3),
      purgedAt,
      progress: "{}",
    })
    driver.insert(placed(3, "thread.purged", { sealedHash: "0".repeat(64) }))
  })
  return driver
}

const problemOf = (ask: () => unknown) => {
  try {
    return ask()
  } catch (error) {
    return error instanceof Problem ? { slug: error.slug, detail: error.detail } : error
  }
}

const why = (driver: LogDriver, question: Parameters<typeof threadWhy>[2]["question"], at: number | null = null) =>
  threadWhy(driver, () => null, { threadId, question, at })
const sequence = (n: number) => ({ kind: "sequence", sequence: n }) as const

describe("a question about what a purged thread was", () => {
  it.each<[string, (driver: LogDriver) => unknown]>([
    ["at a sequence", (driver) => threadAt(driver, threadId, sequence(2))],
    ["at an event", (driver) => threadAt(driver, threadId, { kind: "event", event: eventId(1) })],
    ["at a time", (driver) => threadAt(driver, threadId, { kind: "time", at: purgedAt - 99 })],
    ["at a turn's end", (driver) => threadAt(driver, threadId, { kind: "turn", turnId: eventId(9) })],
    ["a difference", (driver) => threadDiff(driver, threadId, sequence(1), sequence(3))],
    ["why a row is so", (driver) => why(driver, { kind: "row", path: `turns/${eventId(9)}#status` })],
    ["why it was so", (driver) => why(driver, { kind: "row", path: "thread#title" }, 2)],
    ["what an event did", (driver) => why(driver, { kind: "event", event: "1" })],
    ["its steps", (driver) => threadSteps(driver, { threadId, from: 1, limit: 10 })],
    ["its steps from one that is gone on", (driver) => threadSteps(driver, { threadId, from: 2, limit: 10 })],
    [
      "a bisection",
      (driver) => bisectLog(driver, { threadId, where: "turns > 0", fold: null, from: 1, to: 9, monotone: false }),
    ],
  ])("is answered with when it was purged: %s", (_name, ask) => {
    expect(problemOf(() => ask(purgedLog()))).toEqual({
      slug: "thread-purged",
      detail: `Thread ${threadId} was purged at 2026-11-20T10:00:00.000Z: only its tombstone is left, event ${eventId(3)} at sequence 3.`,
    })
  })

  it("is answered by the tombstone where it is about that", () => {
    expect(problemOf(() => threadAt(purgedLog(), threadId, sequence(3)))).toMatchObject({
      thread: { status: "purged" },
    })
    expect(problemOf(() => why(purgedLog(), { kind: "row", path: "thread#status" }))).toMatchObject({
      row: { value: "purged" },
    })
    expect(threadSteps(purgedLog(), { threadId, from: 3, limit: 10 })).toMatchObject({
      steps: [{ event: { type: "thread.purged" } }],
      more: false,
    })
  })
})
