import { Either, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { defaultReaperPolicy, ReaperPolicy } from "./ReaperPolicy.js"

const decode = Schema.decodeUnknownEither(ReaperPolicy)

describe("the policy", () => {
  it("is half an hour of idleness, looked at every minute, unless it says otherwise", () => {
    expect(defaultReaperPolicy).toEqual({
      idleMs: 1_800_000,
      sweepMs: 60_000,
      startingGraceMs: 300_000,
      backgroundCapMs: 86_400_000,
      unattended: { action: "wait" },
      watchMs: 5_000,
      afterEndMs: 60_000,
      stallMs: 600_000,
      onStall: "show",
    })
    const said = decode({ idleMs: 0, unattended: { action: "deny", afterMs: 600_000 } })
    expect(said).toEqual(
      Either.right({ ...defaultReaperPolicy, idleMs: 0, unattended: { action: "deny", afterMs: 600_000 } }),
    )
  })

  it.each([
    { idleMs: -1 },
    { idleMs: 1.5 },
    { sweepMs: 0 },
    { watchMs: 99 },
    { onStall: "kill" },
    { unattended: { action: "deny" } },
    { unattended: { action: "expire", afterMs: 0 } },
  ])("is not %j", (given) => expect(Either.isLeft(decode(given))).toBe(true))
})
