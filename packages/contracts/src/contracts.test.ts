import { Either, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { Problem, type ProblemSlug, problemDetails, problems } from "./api/Problem.js"
import { events, eventVersions, isEventType, isProviderEventType, orchestrationEvents } from "./Events.js"
import { Channel, ProviderEvent } from "./entities/EventEnvelope.js"
import { ThreadId } from "./Ids.js"
import { strengthOf } from "./Native.js"
import { Stats } from "./StatsReports.js"
import { tableNames, tables } from "./Tables.js"

const accepts = <A, I>(schema: Schema.Schema<A, I>, value: unknown): boolean =>
  Either.isRight(Schema.decodeUnknownEither(schema)(value))

describe("ids", () => {
  it("are lower-case UUIDv7 with the right version and variant", () => {
    expect(accepts(ThreadId, "019aa000-0000-7000-8000-000000000001")).toBe(true)
    for (const wrong of [
      "019AA000-0000-7000-8000-000000000001",
      "019aa000-0000-4000-8000-000000000001",
      "019aa000-0000-7000-c000-000000000001",
      "019aa000-0000-7000-8000-00000000000",
      "",
    ]) {
      expect([wrong, accepts(ThreadId, wrong)]).toEqual([wrong, false])
    }
  })

  it("of others are strong when they are UUIDs, weak when they count", () => {
    expect(["019aa000-0000-4000-8000-000000000001", "turn-1", "0", ""].map(strengthOf)).toEqual([
      "strong",
      "weak",
      "weak",
      "weak",
    ])
  })
})

describe("what a source gives", () => {
  it("has a channel of the known ones and a number from 1", () => {
    for (const channel of ["agent", "gateway", "realtime", "client", "adapter:my-agent_1.0"]) {
      expect([channel, accepts(Channel, channel)]).toEqual([channel, true])
    }
    for (const channel of ["Agent", "adapter:", "adapter:a b", `adapter:${"x".repeat(65)}`]) {
      expect([channel, accepts(Channel, channel)]).toEqual([channel, false])
    }
    const event = { type: "turn.started", channel: "agent", seq: 1, at: 0 }
    expect(accepts(ProviderEvent, event)).toBe(true)
    for (const seq of [0, -1, 1.5, "1"]) expect([seq, accepts(ProviderEvent, { ...event, seq })]).toEqual([seq, false])
  })
})

describe("event types", () => {
  it("have a version each, and names that every object has are not among them", () => {
    expect(Object.keys(eventVersions).sort()).toEqual(Object.keys(events).sort())
    for (const version of Object.values(eventVersions)) expect(version).toBeGreaterThanOrEqual(1)
    for (const type of Object.keys(orchestrationEvents))
      expect([type, isProviderEventType(type)]).toEqual([type, false])
    for (const name of ["toString", "constructor", "__proto__", "turn.exploded"]) {
      expect([name, isEventType(name)]).toEqual([name, false])
    }
  })
})

describe("counts of event types", () => {
  const figures = { events: 3, threads: 1, lastSequence: 3, databaseBytes: 1, walBytes: 0, anomalies: 0, log: null }
  const parsed = (text: string): unknown => JSON.parse(text)
  const decoded = (byType: string) => Schema.decodeUnknownEither(Stats)({ ...figures, byType: parsed(byType) })

  it("have every name, also one that JavaScript's objects have", () => {
    const counts = '{"__proto__":2,"constructor":1}'
    expect(Either.map(decoded(counts), ({ byType }) => JSON.stringify(byType))).toEqual(Either.right(counts))
    for (const wrong of ['{"a":"1"}', "[1]", '"a"'])
      expect([wrong, Either.isLeft(decoded(wrong))]).toEqual([wrong, true])
  })
})

describe("tables", () => {
  it("have keys and look-ups made of their own columns, each with a meaning", () => {
    for (const name of tableNames) {
      const { columns, key, lookups } = tables[name]
      expect(key.length).toBeGreaterThan(0)
      for (const column of [...key, ...Object.values(lookups).flat()]) {
        expect([name, column, Object.hasOwn(columns, column)]).toEqual([name, column, true])
      }
      for (const [column, { doc }] of Object.entries(columns))
        expect([name, column, doc]).not.toEqual([name, column, ""])
    }
  })
})

describe("problems", () => {
  it("say what happened and what to do next, with a status of an error", () => {
    const slugs = Object.keys(problems).filter((slug): slug is ProblemSlug => Object.hasOwn(problems, slug))
    for (const slug of slugs) {
      const details = problemDetails(slug, "It broke.")
      expect(details.type).toBe(`urn:threadfold:problem:${slug}`)
      expect([slug, details.status >= 400 && details.status < 600]).toEqual([slug, true])
      expect([slug, details.title.length > 0, details.next.endsWith(".")]).toEqual([slug, true, true])
      expect(new Problem({ slug, detail: "It broke." }).message).toContain("It broke.")
    }
  })
})
