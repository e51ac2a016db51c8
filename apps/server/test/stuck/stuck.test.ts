/**
 * Stuck states of this field: for each, `check` names the first wrong event and the invariant that it breaks, `bisect` finds the same
 * event with an expression that a person would write, and our own fold of the same log leads to nothing of it.
 */
import { fold } from "@threadfold/core"
import { brokenFold, lookAlikes, stuckStates, stuckThreadId } from "@threadfold/testkit"
import { afterEach, describe, expect, it } from "vitest"
import { bisectLog } from "../../src/offline/bisectLog.js"
import type { Library } from "../recordings/Library.js"
import { makeLookAlike, makeStuckDatabase } from "./StuckDatabase.js"

let library: Library | null = null
afterEach(async () => {
  library?.close()
  // Everything here is synchronous: the runner hears of a test between two of them.
  await new Promise((resolve) => setImmediate(resolve))
})

describe.each(stuckStates.map((one) => [one.name, one] as const))("%s", (_name, state) => {
  it("is found by check and by bisect, and does not occur with our fold", async () => {
    library = await makeStuckDatabase(state)
    const threadId = stuckThreadId(state)
    const sequences = library.look(({ driver }) =>
      driver.read({ streamId: threadId, limit: 1_000 }).map(({ sequence }) => sequence),
    )
    const wrong = sequences[state.event - 1]
    // The log itself is well-formed: an anomaly about a payload would lead a reader astray.
    const types = library.look(({ driver }) => driver.read({ limit: 1_000 }).map(({ type }) => type))
    expect(types).not.toContain("provider.unmapped")
    const { ok, violations } = library.check()
    expect(ok).toBe(false)
    // Other threads have the logs of other stuck states, with rows as our fold has them.
    expect([...new Set(violations.map((one) => one.threadId))]).toEqual([threadId])
    // What is named first is where to look. Rows that sum others up are touched again where the log goes on.
    expect(violations[0]?.sequence).toBe(wrong)
    expect(violations.filter(({ sequence }) => sequence === wrong).map(({ invariant }) => invariant)).toContain(
      state.invariant,
    )
    if (state.goesOn === undefined)
      expect(new Set(violations.map(({ sequence }) => sequence))).toEqual(new Set([wrong]))
    else expect(sequences.length).toBeGreaterThan(state.event + 25)

    const everywhere = { threadId, where: state.where, from: 1, to: Number.MAX_SAFE_INTEGER, monotone: false }
    const find = (isBroken: boolean) =>
      library?.look(({ driver }) =>
        bisectLog(driver, { ...everywhere, fold: isBroken ? brokenFold(state, fold) : null }),
      )
    const broken = find(true)
    expect(broken?.found?.sequence).toBe(wrong)
    expect(broken?.found?.eventId).toBe(violations[0]?.eventId)

    expect(find(false)?.found).toBeNull()
    await library.rebuild()
    expect(library.check()).toEqual({ ok: true, violations: [] })
  })
})

it("most logs go on after the wrong event", () => {
  expect(stuckStates.filter(({ goesOn }) => goesOn !== undefined).length).toBeGreaterThanOrEqual(15)
})

describe.each(lookAlikes.map((one) => [one.name, one] as const))("%s", (_name, one) => {
  it("looks stuck, and check finds nothing", async () => {
    library = await makeLookAlike(one)
    expect(library.check()).toEqual({ ok: true, violations: [] })
    const threadId = stuckThreadId(one)
    const { found, last } = library.look(({ driver }) => ({
      last: driver.read({ streamId: threadId, order: "desc", limit: 1 })[0]?.sequence ?? 0,
      found: bisectLog(driver, {
        threadId,
        where: one.looks,
        from: 1,
        to: Number.MAX_SAFE_INTEGER,
        monotone: false,
        fold: null,
      }).found,
    }))
    // It becomes so with one of its events, and is so at the end.
    expect(found?.sequence).toBeLessThanOrEqual(last)
    const atEnd = library.look(({ driver }) =>
      bisectLog(driver, { threadId, where: one.looks, from: last, to: last, monotone: false, fold: null }),
    )
    expect(atEnd.found?.sequence).toBe(last)
  })
})
