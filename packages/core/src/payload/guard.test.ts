import { decodePayload, events, isEventType } from "@threadfold/contracts"
import { arbHostile, arbSession, paused } from "@threadfold/testkit"
import { Either, Schema } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { guardOf, isPayload } from "./guard.js"

const types = Object.keys(events).filter(isEventType)

const Marked = Schema.Struct({ mark: Schema.Literal("a") })

/** Schemas that have something in them that a guard does not look at. */
const unknown: readonly (readonly [string, Schema.Schema.AnyNoContext])[] = [
  ["Transformation", Schema.Struct({ at: Schema.NumberFromString })],
  ["TemplateLiteral", Schema.Struct({ id: Schema.TemplateLiteral("t-", Schema.String) })],
  ["SymbolKeyword", Schema.Struct({ key: Schema.SymbolFromSelf })],
  ["BigIntKeyword", Schema.Array(Schema.BigIntFromSelf)],
  ["Declaration", Schema.Struct({ at: Schema.DateFromSelf })],
  ["NeverKeyword", Schema.Union(Marked, Schema.Struct({ mark: Schema.Never }))],
  ["Enums", Schema.Struct({ kind: Schema.Enums({ one: "one" } as const) })],
  ["a tuple with elements", Schema.Struct({ pair: Schema.Tuple(Schema.String, Schema.Number) })],
  [
    "a record by TemplateLiteral",
    Schema.Record({ key: Schema.TemplateLiteral("t-", Schema.String), value: Schema.String }),
  ],
  ["Suspend", Schema.Struct({ next: Schema.suspend((): Schema.Schema<string> => Schema.String) })],
]

describe("payload guards", () => {
  it.each(unknown)("are not made of a schema with %s in it", (name, schema) => {
    expect(() => guardOf("turn.started", schema)).toThrow(new RegExp(`turn\\.started.*${name}`))
  })

  it("look at every value of a record", () => {
    const guard = guardOf(
      "request.resolved",
      Schema.Struct({ answers: Schema.Record({ key: Schema.String, value: Schema.Number }) }),
    )
    expect(guard({ answers: {} })).toBe(true)
    expect(guard({ answers: { a: 1, b: 2 } })).toBe(true)
    expect(guard({ answers: { a: 1, b: "2" } })).toBe(false)
    expect(guard({ answers: [] })).toBe(false)
  })

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
