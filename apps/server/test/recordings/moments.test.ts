/** Threads as they were, and what changed between two moments, over every recording. */
import { longestTextBytes, ThreadSnapshot } from "@threadfold/contracts"
import { fold } from "@threadfold/core"
import { MapStore, snapshotOf } from "@threadfold/core/model"
import { eventSourceOf } from "@threadfold/engine"
import type { LogDriver } from "@threadfold/event-log"
import { eventsOf, refold } from "@threadfold/projections"
import { cases, makePauses, recordings } from "@threadfold/testkit"
import { Schema } from "effect"
import jsonPatch from "fast-json-patch"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { MomentReader } from "../../src/moments/MomentReader.js"
import type { MomentAnswer, MomentList, MomentQuestion } from "../../src/moments/momentProtocol.js"
import { type Moment, threadAt, threadDiff } from "../../src/offline/moments.js"
import { Library } from "./Library.js"
import { expectRules, proveFields } from "./provedFields.js"

let library: Library
beforeEach(() => {
  library = new Library()
})
afterEach(() => library.close())

const at = (sequence: number): Moment => ({ kind: "sequence", sequence })

const threadIds = (driver: LogDriver): readonly string[] =>
  driver
    .streams(null, 100)
    .filter((id) => [...eventsOf(eventSourceOf(driver), id)].some(({ type }) => type.startsWith("thread.")))

/** The thread after so many events of its stream, by the fold of verify and rebuild. */
const refolded = (driver: LogDriver, threadId: string, version: number, sequence: number) => {
  const store = new MapStore()
  refold(eventSourceOf(driver), store, fold, threadId, version)
  return snapshotOf(store.rowsOf(threadId), sequence)
}

const problemOf = (body: () => unknown): unknown => {
  try {
    return body()
  } catch (error) {
    return error instanceof Error && "slug" in error ? error.slug : error
  }
}

/** Moments per thread that are looked at; `MOMENTS=all` takes each one. */
const most = process.env.MOMENTS === "all" ? Number.POSITIVE_INFINITY : 7

/** The same where each one takes longer. */
const few = process.env.MOMENTS === "all" ? most : 3

const spread = <A>(all: readonly A[], limit = most): readonly A[] => {
  const step = Math.max(1, Math.ceil(all.length / limit))
  return all.filter((_, index) => index % step === 0 || index === all.length - 1)
}

/** What changed, page by page, without the patch where it is too long for an answer. */
const compared = (reader: MomentReader, threadId: string, from: number, to: number) => {
  const rows: unknown[] = []
  for (let after = 0; ; ) {
    const { json } = answered(reader, { kind: "diff", threadId, from, to, after, limit: 7 })
    const { next, rows: some, ...report } = JSON.parse(json)
    rows.push(...some)
    if (next === null) return { ...report, rows }
    after = next
  }
}

/** Whether a value rides along whole. */
const isShort = (value: unknown): boolean => Buffer.byteLength(JSON.stringify(value)) <= longestTextBytes

describe.each([...recordings, ...cases].map((one) => [one.name, one] as const))("%s", (_name, one) => {
  it("is shown at any event as a new fold shows it, a patch leads to the next moment, and why names what set a field", async () => {
    await library.import([one.path])
    const pauses = makePauses()
    await library.own(async ({ driver }) => {
      for (const threadId of threadIds(driver)) {
        const events = [...eventsOf(eventSourceOf(driver), threadId)]
        const encode = Schema.encodeSync(ThreadSnapshot)
        let before: { readonly sequence: number; readonly snapshot: ThreadSnapshot } | null = null
        for (const { sequence, streamVersion } of spread(events)) {
          await pauses()
          const snapshot = threadAt(driver, threadId, at(sequence))
          expect(snapshot).toEqual(refolded(driver, threadId, streamVersion, sequence))
          if (before !== null) {
            const { from, patch, rows, to } = threadDiff(driver, threadId, at(before.sequence), at(sequence))
            expect([from, to]).toEqual([before.sequence, sequence])
            const document = structuredClone(encode(before.snapshot))
            const patched = jsonPatch.applyPatch(document, structuredClone([...patch]), true).newDocument
            expect(patched).toEqual(encode(snapshot))
            expect(rows.length === 0).toBe(patch.every((step) => step.path === "/sequence"))
          }
          before = { sequence, snapshot }
        }
        expect(threadAt(driver, threadId, at(Number.MAX_SAFE_INTEGER)).turns).toEqual(before?.snapshot.turns)
        expect(threadDiff(driver, threadId, at(driver.head()), at(driver.head())).patch).toEqual([])
        expectRules(threadId, events)
        await pauses()
        expect(before === null ? 0 : proveFields(before.snapshot, events)).toBeGreaterThan(0)
      }
    })
  })
})

/** What a reader answers. */
const answered = (reader: MomentReader, question: MomentQuestion): MomentAnswer => {
  const steps = reader.answer(question)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** All entries of a list at a sequence, in its usual order. */
const entries = (reader: MomentReader, threadId: string, list: MomentList, sequence: number): readonly unknown[] => {
  const found: unknown[] = []
  for (let cursor: string | undefined; ; ) {
    const page = answered(reader, { kind: "list", list, threadId, sequence, query: { limit: 3, cursor } })
    const { items, next } = JSON.parse(page.json)
    found.push(...items)
    if (next === null) return found
    cursor = next
  }
}

describe.each([...recordings, ...cases].map((one) => [one.name, one] as const))(
  "%s, from checkpoints",
  (_name, one) => {
    it("is at any event what a fold from the first event makes of it, in pages, differences and ends of turns", async () => {
      await library.import([one.path])
      const pauses = makePauses()
      await library.own(async ({ driver, handle }) => {
        const reader = new MomentReader({
          file: handle.name,
          directory: library.directory,
          clock: () => 0,
          interval: 7,
        })
        for (const threadId of threadIds(driver)) {
          const events = [...eventsOf(eventSourceOf(driver), threadId)]
          let before: number | null = null
          for (const { sequence } of spread(events, few)) {
            await pauses()
            const expected: ThreadSnapshot = JSON.parse(JSON.stringify(threadAt(driver, threadId, at(sequence))))
            const newest = { kind: "thread", threadId, sequence, limit: 500, rewound: undefined } as const
            const { more, ...snapshot } = JSON.parse(answered(reader, newest).json)
            expect(snapshot).toEqual(expected)
            expect(new Set(Object.values(more))).toEqual(new Set([null]))
            for (const list of ["turns", "items", "requests", "realtimeRuns", "anomalies"] as const) {
              expect(entries(reader, threadId, list, sequence)).toEqual([...expected[list]].reverse())
            }
            expect(entries(reader, threadId, "queue", sequence)).toEqual(expected.queue)
            if (before !== null) {
              const whole = threadDiff(driver, threadId, at(before), at(sequence))
              expect(whole.rows.every(isShort)).toBe(true)
              const expected = JSON.stringify({ ...whole, patch: isShort(whole.patch) ? whole.patch : null })
              expect(compared(reader, threadId, before, sequence)).toEqual(JSON.parse(expected))
            }
            before = sequence
          }
          const now = threadAt(driver, threadId, at(driver.head()))
          for (const { status, turnId } of spread(now.turns, few)) {
            const find = () =>
              JSON.parse(answered(reader, { kind: "find", threadId, moment: { kind: "turn", turnId } }).json)
            if (status !== "ended") expect(problemOf(find)).toBe("turn-not-found")
            else expect(find().sequence).toBe(threadAt(driver, threadId, { kind: "turn", turnId }).sequence)
          }
        }
        reader.close()
      })
    })
  },
)

describe("a moment", () => {
  it("is an event, a time, or the end of a turn; what is not there is a problem", async () => {
    await library.import([recordings[0]?.path ?? ""])
    library.look(({ driver }) => {
      const [threadId = ""] = threadIds(driver)
      const events = [...eventsOf(eventSourceOf(driver), threadId)]
      const first = events[0]
      const ended = events.find(({ type }) => type === "turn.completed")
      if (first === undefined || ended === undefined || ended.turnId === null) throw new Error("no turn ended")
      const expected = threadAt(driver, threadId, at(ended.sequence))
      expect(threadAt(driver, threadId, { kind: "event", event: ended.eventId })).toEqual(expected)
      const byTurn = threadAt(driver, threadId, { kind: "turn", turnId: ended.turnId })
      expect(byTurn.turns.find(({ turnId }) => turnId === ended.turnId)?.status).toBe("ended")
      expect(byTurn.sequence).toBeLessThanOrEqual(ended.sequence)
      const byTime = threadAt(driver, threadId, { kind: "time", at: ended.at })
      expect(byTime.sequence).toBeGreaterThanOrEqual(ended.sequence)
      expect(problemOf(() => threadAt(driver, threadId, at(first.sequence - 1)))).toBe("before-first-event")
      expect(problemOf(() => threadAt(driver, threadId, { kind: "time", at: 0 }))).toBe("before-first-event")
      expect(problemOf(() => threadAt(driver, threadId, { kind: "turn", turnId: "none" }))).toBe("turn-not-found")
      expect(problemOf(() => threadAt(driver, threadId, { kind: "event", event: "none" }))).toBe("event-not-found")
      expect(problemOf(() => threadAt(driver, "none", at(1)))).toBe("thread-not-found")
    })
  })
})
