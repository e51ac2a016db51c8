import { events as allEvents, decodePayload, isEventType, openingEvents, ProviderEvent } from "@threadfold/contracts"
import { Either, Schema } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { paused, pausing } from "../properties.js"
import { channelKey, type GeneratedEvent } from "./GeneratedEvent.js"
import { arbSession } from "./renderWorld.js"

const decodeEvent = Schema.decodeUnknownEither(ProviderEvent)
const key = (one: GeneratedEvent) =>
  channelKey({ session: one.session, connection: one.connection, channel: one.event.channel })

describe("arbSession", () => {
  it("makes only events that the contracts know and decode", async () => {
    await fc.assert(
      paused(
        fc.property(arbSession(), (events) => {
          for (const { event } of events) {
            expect(Either.isRight(decodeEvent(event))).toBe(true)
            expect(isEventType(event.type)).toBe(true)
            if (isEventType(event.type)) {
              const decoded = decodePayload(event.type)(event.payload)
              if (Either.isLeft(decoded)) throw new Error(`${event.type}: ${String(decoded.left)}`)
            }
          }
        }),
      ),
      { numRuns: 150 },
    )
  })

  it("numbers every channel from 1 without a gap", async () => {
    await fc.assert(
      paused(
        fc.property(arbSession(), (events) => {
          const last = new Map<string, number>()
          for (const one of events) {
            expect(one.event.seq).toBe((last.get(key(one)) ?? 0) + 1)
            last.set(key(one), one.event.seq)
          }
        }),
      ),
    )
  })

  it("lets no session have an event before its start, and gives every session one thread", async () => {
    await fc.assert(
      paused(
        fc.property(arbSession(), (events) => {
          const threadOf = new Map<string, string>()
          for (const one of events) {
            if (one.session === null) continue
            const known = threadOf.get(one.session)
            if (known === undefined) expect(one.event.type).toBe("session.started")
            else expect(known).toBe(one.stream)
            threadOf.set(one.session, one.stream)
          }
        }),
      ),
    )
  })

  it("names an item or a request only after its opening event in the same session", async () => {
    await fc.assert(
      paused(
        fc.property(arbSession(), (events) => {
          const seen = new Set<string>()
          for (const { session, event } of events) {
            const { turnId, itemId, requestId } = event.native ?? {}
            const opens = isEventType(event.type) ? Reflect.get(openingEvents, event.type) : undefined
            const item = itemId === undefined ? null : `${session}/${turnId}/item/${itemId}`
            const request = requestId === undefined ? null : `${session}/request/${requestId}`
            if (opens === "itemId" && item !== null) seen.add(item)
            if (opens === "requestId" && request !== null) seen.add(request)
            for (const named of [item, request]) if (named !== null) expect(seen).toContain(named)
          }
        }),
      ),
    )
  })

  it("reaches every event type", async () => {
    const seen = new Set<string>()
    const sessions = arbSession({ threads: 3, steps: 6, actions: 8 })
    const note = pausing(sessions, (events) => {
      for (const { event } of events) seen.add(event.type)
    })
    await fc.assert(note, { numRuns: 400, seed: 7 })
    // A purge alone makes these; no source says them.
    expect(Object.keys(allEvents).filter((type) => !seen.has(type))).toEqual(["thread.purged", "connection.purged"])
  })

  it("reuses weak turn ids in every session and repeats strong ones in a fork", () => {
    const started = (events: readonly GeneratedEvent[]) =>
      events.filter((one) => one.event.type === "turn.started").map((one) => [one.session, one.event.native?.turnId])
    const weak = fc.sample(arbSession({ weakIds: true, sessions: 3 }), { numRuns: 80, seed: 3 })
    const sessionsOfFirst = weak.map((events) => started(events).filter(([, turn]) => turn === "turn-1").length)
    expect(Math.max(...sessionsOfFirst)).toBeGreaterThan(1)

    const strong = fc.sample(arbSession({ weakIds: false, threads: 3 }), { numRuns: 80, seed: 3 })
    const threadsOfOne = strong.map((events) => {
      const threads = new Map<string, Set<string>>()
      for (const one of events) {
        const turn = one.event.native?.turnId
        if (one.event.type === "turn.started" && turn !== undefined)
          threads.set(turn, (threads.get(turn) ?? new Set()).add(one.stream))
      }
      return Math.max(0, ...[...threads.values()].map((set) => set.size))
    })
    expect(Math.max(...threadsOfOne)).toBeGreaterThan(1)
  })
})
