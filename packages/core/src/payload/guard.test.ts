import { decodePayload, events, isEventType, ProviderEvent } from "@threadfold/contracts"
import { arbHostile, arbSession, paused } from "@threadfold/testkit"
import { Either, Schema } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { exactGuardOf, guardOf, isExactPayload, isPayload } from "./guard.js"

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
  ["a tuple with elements", Schema.Struct({ pair: Schema.Tuple([Schema.String], Schema.Number) })],
  ["a tuple with elements", Schema.Struct({ none: Schema.Tuple() })],
  ["a tuple with elements", Schema.Struct({ ends: Schema.Tuple([], Schema.String, Schema.Number) })],
  [
    "a record with properties",
    Schema.Struct({ a: Schema.String }, Schema.Record({ key: Schema.String, value: Schema.String })),
  ],
  [
    "a record with properties",
    Schema.Struct(
      {},
      Schema.Record({ key: Schema.String, value: Schema.String }),
      Schema.Record({ key: Schema.SymbolFromSelf, value: Schema.String }),
    ),
  ],
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

  const values = [undefined, null, "a", "b", "", 0, 1, true, false, {}, [], ["a"], ["a", 1], [undefined]]
  it.each<readonly [string, () => Schema.Schema.AnyNoContext, readonly unknown[]]>([
    ["anything but nothing", () => Schema.Unknown, values.slice(1)],
    ["a text", () => Schema.String, ["a", "b", ""]],
    ["a number", () => Schema.Number, [0, 1]],
    ["true or false", () => Schema.Boolean, [true, false]],
    ["one text", () => Schema.Literal("a"), ["a"]],
    ["null", () => Schema.Null, [null]],
    ["one of several", () => Schema.Literal("a", 1), ["a", 1]],
    ["one of two kinds", () => Schema.Union(Schema.Number, Schema.Literal("a")), ["a", 0, 1]],
    ["texts", () => Schema.Array(Schema.String), [[], ["a"]]],
    ["texts or nothing", () => Schema.Array(Schema.UndefinedOr(Schema.String)), [[], ["a"], [undefined]]],
    ["an object", () => Schema.Struct({ x: Schema.optional(Schema.String) }), [{}]],
    ["a refined text", () => Schema.String.pipe(Schema.minLength(9)), ["a", "b", ""]],
  ])("take %s where the schema does, and nothing else", (_, schema, taken) => {
    const guard = guardOf("turn.started", Schema.Struct({ field: schema() }))
    expect(values.filter((field) => guard({ field }))).toEqual(taken)
    expect(guard({})).toBe(false)
    expect(guard({ field: taken[0], more: 1 })).toBe(true)
  })

  it("take a field that is left out, and refuse what is there and does not fit", () => {
    const guard = guardOf(
      "turn.started",
      Schema.Struct({
        a: Schema.optionalWith(Schema.String, { exact: true }),
        b: Schema.optional(Schema.Number),
        c: Schema.UndefinedOr(Schema.Literal("c")),
      }),
    )
    expect(guard({ c: "c" })).toBe(true)
    expect(guard({ a: "a", b: 1, c: "c" })).toBe(true)
    expect(guard({ a: undefined, b: undefined, c: "c" })).toBe(true)
    expect([guard({ a: 1, c: "c" }), guard({ b: "b", c: "c" }), guard({ c: 1 }), guard({})]).toEqual([
      false,
      false,
      false,
      false,
    ])
  })

  it("know every type, and no other one", () => {
    expect(isPayload("thread.renamed", { title: "A" })).toBe(true)
    expect(isPayload("thread.renamed", { title: 1 })).toBe(false)
    expect(Reflect.apply(isPayload, undefined, ["no.such", {}])).toBe(false)
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

describe("exact guards", () => {
  const isEvent = exactGuardOf("ProviderEvent", ProviderEvent)
  const decodeEvent = Schema.decodeUnknownEither(ProviderEvent)
  const event = {
    type: "turn.started",
    channel: "agent",
    seq: 1,
    at: 1,
    native: { turnId: "t" },
    payload: {},
    raw: "{}",
  }

  it("take what decodes to itself", () => {
    expect(isEvent(event)).toBe(true)
    expect(isEvent({ ...event, v: null, native: null, raw: null })).toBe(true)
    expect(isExactPayload("thread.renamed", { title: "A" })).toBe(true)
  })

  it("refuse what a decode refuses or takes something from", () => {
    const others = [
      { ...event, seq: 0 },
      { ...event, seq: 1.5 },
      { ...event, channel: "no such" },
      { ...event, native: { turnId: "t".repeat(10_000) } },
      { ...event, native: { turnId: "t", more: null } },
      { ...event, more: 1 },
      JSON.parse(`{"__proto__": 1, ${JSON.stringify(event).slice(1)}`),
    ]
    for (const other of others) expect(isEvent(other)).toBe(false)
    expect(isExactPayload("thread.renamed", { title: "A", more: 1 })).toBe(false)
    expect(isExactPayload("thread.renamed", { title: 1 })).toBe(false)
  })

  it("agree with the schema on everything that sources send, hostile ones included", async () => {
    await fc.assert(
      paused(
        fc.property(arbHostile(arbSession()), (sent) => {
          for (const { event } of sent) {
            const read: unknown = JSON.parse(JSON.stringify(event))
            if (isEvent(read)) expect(decodeEvent(read)).toEqual(Either.right(read))
            if (isEventType(event.type) && isExactPayload(event.type, event.payload)) {
              expect(decodePayload(event.type)(event.payload)).toEqual(Either.right(event.payload))
            }
          }
        }),
      ),
      { numRuns: 40 },
    )
  })
})
