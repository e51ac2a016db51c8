import { describe, expect, it } from "vitest"
import { isMirrorOf, type MirrorCandidate } from "./mirrors.js"

const candidate = (threadId: string, source: string | null, more: Partial<MirrorCandidate> = {}): MirrorCandidate => ({
  threadId,
  provider: "codex",
  nativeThreadId: "native-1",
  source,
  createdAt: 5,
  deletedAt: null,
  ...more,
})
const live = candidate("b", null)
const wire = candidate("c", "codex-app-server")
const file = candidate("a", "codex-rollout")

describe("of several threads of one native thread", () => {
  it("the live one is first, then a recording of the wire, then a session file, whenever they were made", () => {
    const earlier = { ...file, createdAt: 1 }
    expect([isMirrorOf(earlier, live), isMirrorOf(wire, live), isMirrorOf(earlier, wire)]).toEqual([true, true, true])
    expect([isMirrorOf(live, file), isMirrorOf(live, wire), isMirrorOf(wire, file)]).toEqual([false, false, false])
  })

  it("exactly one of two imports from sources of the same rank is a mirror", () => {
    const other = candidate("z", "another-source")
    expect([isMirrorOf(other, file), isMirrorOf(file, other)]).toEqual([true, false])
    expect(isMirrorOf({ ...file, createdAt: 9 }, other)).toBe(true)
  })

  it.each([
    ["another native thread", { nativeThreadId: "native-2" }],
    ["no native thread", { nativeThreadId: null }],
    ["another provider", { provider: "claude" }],
    ["a deleted thread", { deletedAt: 7 }],
    ["a thread of the same source", { source: "codex-rollout", createdAt: 1 }],
  ])("nothing is a mirror of %s", (_, more) => {
    expect(isMirrorOf(file, { ...live, ...more })).toBe(false)
  })
})
