import { decodePayload, isEventType, ProviderEvent, uuidV7Pattern } from "@threadfold/contracts"
import { Either, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { fixedClock } from "./fixedClock.js"
import { channelKey } from "./GeneratedEvent.js"
import { namedUuid, seededIds } from "./ids.js"
import { workload } from "./workload.js"

describe("workload", () => {
  it("is the same for the same seed and another for another", () => {
    const take = (seed: number) => [...workload({ events: 500, threads: 5, seed })]
    expect(take(1)).toEqual(take(1))
    expect(take(1)).not.toEqual(take(2))
  })

  it("streams events that decode, numbered without gaps, in the asked share of deltas", () => {
    const decode = Schema.decodeUnknownEither(ProviderEvent)
    const last = new Map<string, number>()
    let deltas = 0
    let count = 0
    for (const one of workload({ events: 20_000, threads: 5, deltaShare: 0.8 })) {
      count += 1
      const key = channelKey({ session: one.session, connection: one.connection, channel: one.event.channel })
      expect(one.event.seq).toBe((last.get(key) ?? 0) + 1)
      last.set(key, one.event.seq)
      if (one.event.type === "content.delta") deltas += 1
      if (count % 50 !== 0) continue
      expect(Either.isRight(decode(one.event))).toBe(true)
      const known = isEventType(one.event.type) && Either.isRight(decodePayload(one.event.type)(one.event.payload))
      expect(known).toBe(true)
    }
    expect(count).toBe(20_000)
    expect(deltas / count).toBeCloseTo(0.8, 1)
  })

  it("ends an agent's message with the text that its deltas make", () => {
    const streamed = new Map<string, string>()
    let ended = 0
    for (const { stream, event } of workload({ events: 3000, threads: 3 })) {
      const item = `${stream}/${event.native?.itemId}`
      if (event.type === "content.delta")
        streamed.set(item, (streamed.get(item) ?? "") + String(Reflect.get(Object(event.payload), "delta")))
      if (event.type !== "item.completed" || !event.native?.itemId?.startsWith("msg_")) continue
      expect(Reflect.get(Object(event.payload), "text")).toBe(streamed.get(item))
      ended += 1
    }
    expect(ended).toBeGreaterThan(0)
  })
})

describe("ids and clock", () => {
  it("makes UUIDv7s that rise and repeat for the same seed", () => {
    const next = seededIds("a")
    const ids = Array.from({ length: 200 }, () => next())
    for (const id of ids) expect(id).toMatch(uuidV7Pattern)
    expect([...ids].sort()).toEqual(ids)
    const again = seededIds("a")
    expect(ids.map(() => again())).toEqual(ids)
    expect(namedUuid("x")).toMatch(uuidV7Pattern)
    expect(namedUuid("x")).not.toBe(namedUuid("y"))
  })

  it("moves only when moved", () => {
    const clock = fixedClock(1000)
    expect([clock.now(), clock.now()]).toEqual([1000, 1000])
    clock.advance(-5)
    expect(clock.now()).toBe(995)
  })
})
