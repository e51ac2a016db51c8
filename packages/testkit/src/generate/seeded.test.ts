import { uuidV7Pattern } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { namedUuid, seededIds } from "./seeded.js"

describe("seeded ids", () => {
  it("are UUIDv7s that rise, and the same for the same seed", () => {
    const next = seededIds("a")
    const ids = Array.from({ length: 200 }, () => next())
    for (const id of ids) expect(id).toMatch(uuidV7Pattern)
    expect([...ids].sort()).toEqual(ids)
    const again = seededIds("a")
    expect(ids.map(() => again())).toEqual(ids)
    expect(namedUuid("x")).toMatch(uuidV7Pattern)
    expect(namedUuid("x")).not.toBe(namedUuid("y"))
  })
})
