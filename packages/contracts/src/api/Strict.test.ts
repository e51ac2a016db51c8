import { Schema } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { nearest } from "../nearest.js"
import { unknownIn } from "./index.js"
import { Flag } from "./Query.js"

const names = ["limit", "cursor", "order", "min-sequence", "threadId"]

const Body = Schema.Struct({
  mode: Schema.optional(Schema.NullOr(Schema.Literal("queue", "steer", "start"))),
  archived: Schema.optional(Flag),
  settings: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.Unknown })),
  inner: Schema.optional(Schema.Struct({ text: Schema.String })),
  list: Schema.optional(Schema.Array(Schema.Struct({ id: Schema.String }))),
}).pipe(Schema.filter(() => true))

describe("what a call says that the API does not know", () => {
  it("is reported with the nearest known name, which one typing error always finds", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.nat(),
        fc.constantFrom("drop", "swap", "add", "change"),
        (name, where, slip) => {
          const at = where % (name.length - 1)
          const [a = "", b = ""] = [name[at], name[at + 1]]
          const rest = name.slice(at + 2)
          const slipped = {
            drop: `${b}${rest}`,
            swap: `${b}${a}${rest}`,
            add: `${a}x${b}${rest}`,
            change: `x${b}${rest}`,
          }[slip]
          expect(nearest(`${name.slice(0, at)}${slipped}`, names)).toBe(name)
        },
      ),
    )
    expect(nearest("anything", [])).toBeNull()
    expect(nearest("l".repeat(1_000_000), names)).toBeNull()
  })

  it.each([
    [
      { workingDirectory: "/" },
      'there is no field "workingDirectory"; known are "inner", "mode", "archived", "settings", "list"',
    ],
    [{ mod: "queue" }, 'there is no field "mod"; the nearest is "mode"'],
    [{ mode: "stear" }, 'mode: there is no value "stear"; the nearest is "steer"'],
    [{ archived: "yes" }, 'archived: there is no value "yes"; known are '],
    [JSON.parse('{"settings": {"__proto__": {"a": 1}}}'), 'settings: the name "__proto__" is not taken'],
    [JSON.parse('{"__proto__": {"mode": "queue"}}'), 'there is no field "__proto__"'],
    [{ inner: { txt: "" } }, 'inner: there is no field "txt"; the nearest is "text"'],
    [{ list: [{ id: "" }, { di: "" }] }, 'list.1: there is no field "di"; the nearest is "id"'],
  ])("%j", (value, said) => {
    expect(unknownIn(Body, value, "field")).toContain(said)
  })

  it("is nothing where names and values are known, or free", () => {
    for (const value of [
      {},
      { mode: null },
      { mode: "steer", archived: "1" },
      { settings: { any: { thing: 1 } } },
      5,
      null,
    ]) {
      expect(unknownIn(Body, value, "field")).toBeNull()
    }
  })
})
