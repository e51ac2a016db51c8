/**
 * Stuck states of this field: for each, `check` names the first wrong event and the invariant that it breaks, `bisect` finds the same
 * event with an expression that a person would write, and our own fold of the same log leads to nothing of it.
 */
import { fold } from "@threadfold/core"
import { brokenFold, stuckStates, stuckThreadId } from "@threadfold/testkit"
import { afterEach, describe, expect, it } from "vitest"
import { bisectLog } from "../../src/offline/bisectLog.js"
import type { Library } from "../recordings/Library.js"
import { makeStuckDatabase } from "./StuckDatabase.js"

let library: Library | null = null
afterEach(() => library?.close())

describe.each(stuckStates.map((one) => [one.name, one] as const))("%s", (_name, state) => {
  it("is found by check and by bisect, and does not occur with our fold", async () => {
    library = await makeStuckDatabase(state)
    const threadId = stuckThreadId(state)
    const { ok, violations } = library.check()
    expect(ok).toBe(false)
    expect([...new Set(violations.map(({ sequence }) => sequence))]).toEqual([state.event])
    expect(violations.map(({ invariant }) => invariant)).toContain(state.invariant)

    const everywhere = { threadId, where: state.where, from: 1, to: Number.MAX_SAFE_INTEGER, monotone: false }
    const find = (isBroken: boolean) =>
      library?.look(({ driver }) =>
        bisectLog(driver, { ...everywhere, fold: isBroken ? brokenFold(state, fold) : null }),
      )
    const broken = find(true)
    expect(broken?.found?.sequence).toBe(state.event)
    expect(broken?.found?.eventId).toBe(violations[0]?.eventId)

    expect(find(false)?.found).toBeNull()
    await library.rebuild()
    expect(library.check()).toEqual({ ok: true, violations: [] })
  })
})
