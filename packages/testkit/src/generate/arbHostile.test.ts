import { ProviderEvent } from "@threadfold/contracts"
import { Either, Schema } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { paused } from "../properties.js"
import { arbHostile, mutate } from "./arbHostile.js"
import { channelKey, finish, type GeneratedEvent } from "./GeneratedEvent.js"
import { arbSession } from "./renderWorld.js"

const decodeEvent = Schema.decodeUnknownEither(ProviderEvent)
const key = (one: GeneratedEvent) =>
  channelKey({ session: one.session, connection: one.connection, channel: one.event.channel })

const three = finish(
  ["turn.started", "item.started", "turn.completed"].map((type) => ({
    stream: "thread-1",
    session: "s1",
    connection: "c1",
    actor: "provider" as const,
    type,
    channel: "agent" as const,
    native: { threadId: "t", turnId: "turn-1" },
    payload: {},
  })),
)
const types = (events: readonly GeneratedEvent[]) => events.map((one) => one.event.type)

describe("mutations", () => {
  it("do what their names say", () => {
    expect(types(mutate(three, { kind: "drop", at: 1 }))).toEqual(["turn.started", "turn.completed"])
    expect(types(mutate(three, { kind: "truncate", at: 1 }))).toEqual(["turn.started"])
    expect(types(mutate(three, { kind: "move", at: 2, to: 0 }))).toEqual([
      "turn.completed",
      "turn.started",
      "item.started",
    ])
    expect(mutate(three, { kind: "duplicate", at: 0, to: 3 })[3]).toEqual(three[0])
    expect(mutate(three, { kind: "stale", at: 0 }).at(-1)).toEqual(three[0])
    const conflict = mutate(three, { kind: "conflict", at: 0, to: 3 })[3]
    expect(conflict?.event.seq).toBe(1)
    expect(conflict?.event.payload).not.toEqual(three[0]?.event.payload)
    const unknown = mutate(three, { kind: "unknown-id", at: 2, to: 3, field: "turnId" })[3]
    expect(unknown?.event.type).toBe("turn.completed")
    expect(unknown?.event.native?.turnId).not.toBe("turn-1")
    const untargeted = mutate(three, { kind: "untargeted", at: 2, to: 3 })[3]
    expect(untargeted?.event.native).toEqual({ threadId: "t" })
    expect(mutate(three, { kind: "garbage", at: 1, payload: 9 })[1]?.event.payload).toBe(9)
    expect(mutate([], { kind: "stale", at: 0 })).toEqual([])
  })
})

describe("arbHostile", () => {
  it("keeps envelopes that a source may send, whatever it does to their content", async () => {
    await fc.assert(
      paused(
        fc.property(arbHostile(arbSession()), (events) => {
          for (const { event } of events) expect(Either.isRight(decodeEvent(event))).toBe(true)
        }),
      ),
    )
  })

  it("numbers everything anew when asked to", async () => {
    await fc.assert(
      paused(
        fc.property(arbHostile(arbSession(), { numbering: "renewed" }), (events) => {
          const seen = new Set<string>()
          for (const one of events) seen.add(`${key(one)}|${one.event.seq}`)
          expect(seen.size).toBe(events.length)
        }),
      ),
    )
  })

  it("leaves gaps and repeated numbers when it keeps them", () => {
    const samples = fc.sample(arbHostile(arbSession(), { numbering: "kept" }), { numRuns: 60, seed: 5 })
    const repeats = samples.filter((events) => {
      const keys = events.map((one) => `${key(one)}|${one.event.seq}`)
      return new Set(keys).size < keys.length
    })
    expect(repeats.length).toBeGreaterThan(0)
  })
})
