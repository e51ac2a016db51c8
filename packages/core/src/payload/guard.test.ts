import { decodePayload, events, isEventType } from "@threadfold/contracts"
import { arbHostile, arbSession, paused } from "@threadfold/testkit"
import { Either } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { isPayload } from "./guard.js"

const types = Object.keys(events).filter(isEventType)

describe("payload guards", () => {
  it.each(types)("%s: refuses what is no object", (type) => {
    for (const payload of [null, undefined, 0, "x", []]) expect(isPayload(type, payload)).toBe(false)
  })

  it("agrees with the schema on everything that sources send, hostile ones included", async () => {
    await fc.assert(
      paused(
        fc.property(arbHostile(arbSession()), (sent) => {
          for (const { event } of sent) {
            if (!isEventType(event.type)) continue
            // A schema without fields takes any value; a payload is always an object.
            const object = typeof event.payload === "object" && !Array.isArray(event.payload)
            const decodes = object && Either.isRight(decodePayload(event.type)(event.payload))
            expect(isPayload(event.type, event.payload)).toBe(decodes)
          }
        }),
      ),
      { numRuns: 40 },
    )
  })
})
