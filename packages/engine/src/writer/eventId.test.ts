/** Ids of numbered events: time-ordered, one for each number, the same for the same delivery. */

import { describe, expect, it } from "@effect/vitest"
import { uuidV7Pattern } from "@threadfold/contracts"
import * as fc from "fast-check"
import { EventIds } from "./eventId.js"
import { sha256 } from "./sqlite.js"

const time = fc.oneof(
  fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }),
  fc.integer({ min: 0, max: 2 ** 48 - 1 }),
)
const number = fc.oneof(fc.integer({ min: 1, max: 20_000 }), fc.maxSafeNat())
const channel = fc.constantFrom("agent", "voice")

describe("the id of a numbered event", () => {
  it("is a UUIDv7 of the source's time, whatever was asked before", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(channel, number, time), { minLength: 1, maxLength: 40 }), (events) => {
        const ids = new EventIds(sha256)
        for (const [name, seq, at] of events) {
          const id = ids.of("session", name, seq, at)
          expect(id).toMatch(uuidV7Pattern)
          expect(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toBe(at)
          expect(new EventIds(sha256).of("session", name, seq, at)).toBe(id)
        }
      }),
    )
  })

  it("differs for every number, also between numbers that share a part", () => {
    const ids = new EventIds(sha256)
    const made = Array.from({ length: 10_000 }, (_, seq) => ids.of("session", "agent", seq, 1_700_000_000_000))
    expect(new Set(made).size).toBe(10_000)
  })

  it("clamps a time that does not fit into an id", () => {
    const ids = new EventIds(sha256)
    for (const at of [-5, Number.NaN, Number.NEGATIVE_INFINITY]) {
      expect(ids.of("session", "agent", 1, at).slice(0, 13)).toBe("00000000-0000")
    }
    expect(ids.of("session", "agent", 1, 2 ** 60).slice(0, 13)).toBe("ffffffff-ffff")
  })
})
