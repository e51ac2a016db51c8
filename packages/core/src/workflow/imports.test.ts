import { describe, expect, it } from "vitest"
import { sessionRow } from "../../test/workflowRows.js"
import { sessionBesideImport } from "./imports.js"

describe("an import into a thread", () => {
  it.each(["managed", "attached"] as const)("is refused beside a living session that is %s", (mode) => {
    const session = sessionRow({ mode })
    expect(sessionBesideImport({ session }, "imported")).toBe(session)
    expect(sessionBesideImport({ session }, null)).toBe(session)
  })

  it("goes on after a recording, in its own session, after one that ended, and in a new thread", () => {
    expect(sessionBesideImport({ session: sessionRow({ mode: "imported" }) }, "another")).toBeNull()
    expect(sessionBesideImport({ session: sessionRow({ mode: "managed" }) }, "session")).toBeNull()
    expect(sessionBesideImport({ session: sessionRow({ mode: "managed", endedAt: 0 }) }, "imported")).toBeNull()
    expect(sessionBesideImport({ session: null }, "imported")).toBeNull()
  })
})
