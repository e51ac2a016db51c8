/** The document that a walk keeps, what a step changed, and the search for the first event: against the documents made whole. */
import type { EventEnvelope, ThreadSnapshot } from "@threadfold/contracts"
import { arbHostile, arbSession, paused } from "@threadfold/testkit"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ManyStreams } from "../../test/ManyStreams.js"
import { arbEvents } from "../../test/randomEvents.js"
import { Scenario, strong } from "../../test/Scenario.js"
import {
  type BeginWalk,
  type BisectResult,
  bisect,
  changedRows,
  type DocumentName,
  diffSnapshots,
  LiveDocument,
  type Predicate,
  reversed,
  snapshotOf,
  walk,
  walkRows,
} from "./index.js"

const numRuns = Number(process.env.THREADFOLD_RUNS ?? "15")
const arbAny = fc.oneof(
  arbHostile(arbSession({ threads: 1, sessions: 2, steps: 3, actions: 4 })),
  arbEvents(30, "turn.", "thread.rewound", "session."),
  arbEvents(40, "item.", "content.", "turn."),
  arbEvents(30, "message.queued", "queue.", "request.", "inference.", "turn."),
)

const all: readonly DocumentName[] = [
  "sequence",
  "thread",
  "session",
  "turns",
  "items",
  "requests",
  "inferences",
  "realtimeRuns",
  "delegations",
  "tasks",
  "queue",
  "usage",
  "anomalies",
]

/** The documents after each event, each made from all rows. */
const documents = (threadId: string, log: readonly EventEnvelope[]): readonly ThreadSnapshot[] => {
  const found: ThreadSnapshot[] = []
  for (const { event, store } of walk(threadId, log)) {
    const snapshot = snapshotOf(store.rowsOf(threadId), event.sequence)
    if (snapshot !== null) found.push(snapshot)
  }
  return found
}

const threads = (events: Parameters<ManyStreams["takeAll"]>[0]) => {
  const { logs } = new ManyStreams().takeAll(events)
  return [...logs].flatMap(([threadId, log]) => {
    const whole = documents(threadId, log)
    return whole.length === log.length ? [{ threadId, log, whole }] : []
  })
}

const sorted = (rows: readonly { readonly row: string }[]) => [...rows].sort((a, b) => (a.row < b.row ? -1 : 1))

const read = (document: LiveDocument, names: readonly DocumentName[] = all): unknown =>
  Object.fromEntries(names.map((name) => [name, structuredClone(document.value(name))]))

describe("the document of a walk", () => {
  it("is at every step the one that all rows make, forward and back, and a step tells what it changed", async () => {
    await fc.assert(
      paused(
        fc.property(arbAny, (events) => {
          for (const { log, threadId, whole } of threads(events)) {
            const document = new LiveDocument({ names: new Set(all), fields: null })
            const steps = []
            for (const step of walkRows(threadId, log)) {
              const [before, after] = [whole[steps.length - 1] ?? null, whole[steps.length]]
              if (after === undefined) throw new Error("every event has a document")
              document.take(step.event.sequence, step.moves)
              expect(read(document)).toEqual(after)
              expect(sorted(changedRows(threadId, step))).toEqual(sorted(diffSnapshots(before, after).rows))
              steps.push(step)
            }
            for (let at = steps.length - 1; at > 0; at--) {
              document.take(steps[at - 1]?.event.sequence ?? 0, reversed(steps[at]?.moves ?? []))
              expect(read(document)).toEqual(whole[at - 1])
            }
          }
        }),
      ),
      { numRuns },
    )
  })

  it("says of a step that it changed nothing only where no field that is read changed", async () => {
    const names: readonly DocumentName[] = ["thread", "session", "turns", "items", "requests", "queue", "usage"]
    const fields = ["status", "activeTurnId", "rewound", "text", "totalTokens"]
    const fieldsOf = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(fieldsOf)
        : value === null
          ? null
          : fields.map((name) => Reflect.get(Object(value), name) ?? null)
    await fc.assert(
      paused(
        fc.property(arbAny, (events) => {
          for (const { log, threadId, whole } of threads(events)) {
            const document = new LiveDocument({ names: new Set(names), fields: new Set(fields) })
            let before = ""
            let at = 0
            for (const { event, moves } of walkRows(threadId, log)) {
              const changed = document.take(event.sequence, moves)
              const now = JSON.stringify(names.map((name) => fieldsOf(whole[at]?.[name])))
              if (!changed) expect(now).toBe(before)
              expect(JSON.stringify(names.map((name) => fieldsOf(document.value(name))))).toBe(now)
              before = now
              at += 1
            }
          }
        }),
      ),
      { numRuns },
    )
  })
})

const status = (value: unknown): unknown => Reflect.get(Object(value), "status")

const sessionReads = (fields: readonly string[]): Predicate["reads"] => ({
  names: new Set(["session"]),
  fields: new Set(fields),
})

const isReady: Predicate = {
  reads: sessionReads(["status"]),
  test: (document) => ({ holds: status(document.value("session")) === "ready" }),
}

const everywhere = { from: 1, to: Number.MAX_SAFE_INTEGER, monotone: false }

describe("bisect", () => {
  const t1 = strong("t1")
  const story = new Scenario().start().turn(t1).item("i1", t1).delta("i1", t1, "a").delta("i1", t1, "b").complete(t1)
  const find = (predicate: Predicate, range = everywhere): BisectResult =>
    bisect(story.threadId, () => walkRows(story.threadId, story.log), predicate, range)

  it("tells what an event changed in words of the whole document, though it keeps only what is read", async () => {
    let told = 0
    await fc.assert(
      paused(
        fc.property(arbAny, (events) => {
          const { logs } = new ManyStreams().takeAll(events)
          for (const [threadId, log] of logs) {
            for (const at of new Set([0, log.length >> 1, log.length - 1])) {
              const to = log[at]?.sequence ?? 0
              const here: Predicate = {
                reads: { names: new Set(["sequence"]), fields: new Set(["status"]) },
                test: (document) => ({ holds: document.value("sequence") === to }),
              }
              const light = bisect(threadId, (keeps) => walkRows(threadId, log, undefined, keeps), here, everywhere)
              const whole = bisect(threadId, () => walkRows(threadId, log), here, everywhere)
              expect(light).toEqual(whole)
              told += light.found?.rows.length ?? 0
            }
          }
        }),
      ),
      { numRuns },
    )
    expect(told).toBeGreaterThan(numRuns)
  })

  it("names the first event after which the expression is true, and what it changed", () => {
    const first = find(isReady)
    expect([first.found?.event.type, first.found?.before]).toEqual(["session.started", null])
    const later = find(isReady, { ...everywhere, from: 2 })
    expect([later.found?.event.type, later.found?.before]).toEqual(["turn.completed", { holds: false }])
    expect(later.found?.rows.find(({ row }) => row.startsWith("turns/"))?.fields.map(({ field }) => field)).toContain(
      "outcome",
    )
  })

  it("evaluates only after events that changed what is read", () => {
    const never = find({ ...isReady, test: () => ({ holds: false }) })
    // Start, turn, end; the item and its pieces change no status of a session.
    expect([never.found, never.events, never.evaluations]).toEqual([null, 6, 3])
    const untouched = find({ reads: sessionReads(["model"]), test: () => ({ holds: false }) })
    expect(untouched.evaluations).toBe(1)
  })

  it("says that a range began with a true expression, and does not look behind its end", () => {
    expect(find(isReady, { ...everywhere, from: 2, to: 5 }).found).toBeNull()
    const running: Predicate = {
      reads: sessionReads(["status"]),
      test: (document) => ({ holds: status(document.value("session")) === "running" }),
    }
    const found = find(running, { ...everywhere, from: 4 })
    expect([found.found?.event.sequence, found.found?.before]).toEqual([4, { holds: true }])
  })

  it("counts evaluations that fail as not true, and keeps the first", () => {
    const failing: Predicate = {
      reads: sessionReads(["status"]),
      test: (document) =>
        status(document.value("session")) === "running" ? { holds: true } : { holds: null, error: "no field" },
    }
    const { errors, found } = find(failing)
    expect([found?.event.type, errors]).toEqual(["turn.started", { count: 1, sequence: 1, error: "no field" }])
  })

  it("takes deltas that change nothing which is read as one step, inside a range, and finds the same", async () => {
    let story = new Scenario().start()
    for (let at = 0; at < 3; at++) {
      story = story.turn(strong(`t${at}`)).item("i", strong(`t${at}`))
      for (let delta = 0; delta < 80; delta++) story = story.delta("i", strong(`t${at}`), "a")
      story = story.complete(strong(`t${at}`))
    }
    const streamed = story.log.map((event) => ({ ...event, recordedAt: 1 }))
    const ended = (count: number): Predicate => ({
      reads: { names: new Set(["turns"]), fields: new Set(["status"]) },
      test: (document) => {
        const turns = document.value("turns")
        return { holds: Array.isArray(turns) && turns.filter((turn) => status(turn) === "ended").length >= count }
      },
    })
    let steps = 0
    const both = (threadId: string, log: readonly EventEnvelope[], predicate: Predicate, range = everywhere) => {
      const joined: BeginWalk = function* (keeps, mayJoin) {
        for (const step of walkRows(threadId, log, undefined, keeps, mayJoin)) {
          steps += 1
          yield step
        }
      }
      const single: BeginWalk = (keeps) => walkRows(threadId, log, undefined, keeps)
      const found = bisect(threadId, joined, predicate, range)
      expect(found).toEqual(bisect(threadId, single, predicate, range))
      return found
    }
    const never = both(story.threadId, streamed, ended(4))
    expect([never.events, never.evaluations, steps < 30]).toEqual([streamed.length, 7, true])
    // Of text that is read each piece is a step of its own.
    steps = 0
    both(story.threadId, streamed, {
      reads: { names: new Set(["items"]), fields: null },
      test: () => ({ holds: false }),
    })
    expect(steps).toBe(streamed.length)
    const place = fc.integer({ min: 1, max: streamed.length + 1 })
    await fc.assert(
      paused(
        fc.property(place, place, fc.integer({ min: 0, max: 4 }), arbAny, (from, to, count, events) => {
          both(story.threadId, streamed, ended(count), { from, to, monotone: false })
          const { logs } = new ManyStreams().takeAll(events)
          for (const [threadId, log] of logs)
            both(threadId, log, ended(count), { from: from % 20, to, monotone: false })
        }),
      ),
      { numRuns: 4 },
    )
  })

  it("searches for what stays true with few evaluations, and finds the same", () => {
    let long = new Scenario().start()
    for (let at = 0; at < 700; at++) long = long.turn(strong(`t${at}`)).complete(strong(`t${at}`))
    const steps = () => walkRows(long.threadId, long.log)
    for (const wanted of [1, 512, 513, 700, 701]) {
      const predicate: Predicate = {
        reads: { names: new Set(["turns"]), fields: new Set() },
        test: (document) => {
          const turns = document.value("turns")
          return { holds: Array.isArray(turns) && turns.length >= wanted }
        },
      }
      const walked = bisect(long.threadId, steps, predicate, everywhere)
      const searched = bisect(long.threadId, steps, predicate, { ...everywhere, monotone: true })
      expect(searched.found?.event.sequence).toBe(walked.found?.event.sequence)
      expect(searched.found?.rows).toEqual(walked.found?.rows)
      expect(searched.found === null || searched.found.before?.holds === false).toBe(true)
      expect(searched.evaluations).toBeLessThan(20)
    }
  })
})
