import { describe, expect, it } from "vitest"
import { Scenario } from "../../test/Scenario.js"
import { type UpcasterChain, upcast } from "./upcast.js"

const event = (type: string, v: number, payload: unknown) => {
  const [first] = new Scenario().sendRaw(type, payload, { v }).log
  if (first === undefined) throw new Error("the scenario made no event")
  return first
}
const versions = { "thread.renamed": 3 }
const chain: UpcasterChain = {
  "thread.renamed": {
    1: (payload) => ({ name: payload }),
    2: (payload) => ({ title: Reflect.get(Object(payload), "name") }),
  },
}

describe("upcasters", () => {
  it("lift an event step by step, and leave a lifted one as it is", () => {
    const lifted = upcast(event("thread.renamed", 1, "A"), chain, versions)
    expect(lifted).toMatchObject({ status: "ok", event: { v: 3, payload: { title: "A" } } })
    expect(upcast(lifted.event, chain, versions)).toEqual(lifted)
    // It is not even copied.
    expect(upcast(lifted.event, chain, versions).event).toBe(lifted.event)
    expect(upcast(event("thread.renamed", 2, { name: "A" }), chain, versions).event.payload).toEqual({ title: "A" })
  })

  it("an event that cannot be lifted comes back unchanged, with the reason", () => {
    const old = event("thread.renamed", 0, "A")
    expect(upcast(old, chain, versions)).toEqual({ event: old, status: "unreadable" })
    // Of this type there is no way up at all.
    const wayless = event("turn.started", 1, {})
    expect(upcast(wayless, chain, { "turn.started": 2 })).toEqual({ event: wayless, status: "unreadable" })
    const newer = event("thread.renamed", 4, {})
    expect(upcast(newer, chain, versions)).toEqual({ event: newer, status: "newer-version" })
    expect(upcast(event("no.such", 1, {})).status).toBe("unknown-type")
    const throwing: UpcasterChain = {
      "thread.renamed": {
        1: () => {
          throw new Error("bad")
        },
      },
    }
    expect(upcast(event("thread.renamed", 1, "A"), throwing, { "thread.renamed": 2 }).status).toBe("unreadable")
  })
})
