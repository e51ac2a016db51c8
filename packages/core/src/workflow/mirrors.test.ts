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
const trace = candidate("0", "codex-trace", { createdAt: 0 })

describe("of several threads of one native thread", () => {
  it("the live one is first, then a recording of the wire, then a session file, then a trace, whenever they were made", () => {
    const earlier = { ...file, createdAt: 1 }
    expect([isMirrorOf(trace, live), isMirrorOf(trace, wire), isMirrorOf(trace, file)]).toEqual([true, true, true])
    expect([isMirrorOf(file, trace), isMirrorOf(wire, trace), isMirrorOf(live, trace)]).toEqual([false, false, false])
    expect([isMirrorOf(earlier, live), isMirrorOf(wire, live), isMirrorOf(earlier, wire)]).toEqual([true, true, true])
    expect([isMirrorOf(live, file), isMirrorOf(live, wire), isMirrorOf(wire, file)]).toEqual([false, false, false])
  })

  it("exactly one of two imports from sources of the same rank is a mirror", () => {
    const [one, other] = [candidate("a", "one-source"), candidate("z", "another-source")]
    expect([isMirrorOf(other, one), isMirrorOf(one, other)]).toEqual([true, false])
    expect(isMirrorOf({ ...one, createdAt: 9 }, other)).toBe(true)
    expect(isMirrorOf(other, { ...one, createdAt: 9 })).toBe(false)
    // A time that is not known is before all.
    expect(isMirrorOf(one, { ...other, createdAt: null })).toBe(true)
    expect(isMirrorOf({ ...other, createdAt: null }, one)).toBe(false)
  })

  it("one that ran here is no mirror, and one without a native thread neither", () => {
    expect(isMirrorOf({ ...live, threadId: "z", createdAt: 9 }, trace)).toBe(false)
    const unnamed = { nativeThreadId: null } as const
    expect(isMirrorOf({ ...file, ...unnamed }, { ...live, ...unnamed })).toBe(false)
  })

  it("none is a mirror of itself", () => {
    const one = candidate("a", "one-source")
    expect(isMirrorOf(one, one)).toBe(false)
    expect(isMirrorOf(one, { ...one, source: "another-source" })).toBe(false)
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
