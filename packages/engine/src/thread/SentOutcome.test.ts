import { describe, expect, it } from "@effect/vitest"
import { pausing } from "@threadfold/testkit"
import { Arbitrary } from "effect"
import fc from "fast-check"
import { SubmitError } from "../Errors.js"
import { fromSent, toSent } from "./SentOutcome.js"

describe("an error that crosses the threads", () => {
  it("arrives with its class, its tag, its data and its message", () =>
    fc.assert(
      pausing(Arbitrary.make(SubmitError), (error) => {
        const arrived = fromSent(structuredClone(toSent({ ok: false, error })))
        expect(arrived.ok || arrived.error).toBeInstanceOf(error.constructor)
        expect(arrived).toMatchObject({ ok: false, error: { ...error } })
        expect(arrived.ok || arrived.error.message).toBe(error.message)
      }),
    ))
})

describe("an outcome that crosses the threads", () => {
  it("arrives with all of its results", () => {
    const appended = { status: "appended", streamId: "s", sequence: 7 } as const
    const invalid = { status: "invalid", streamId: "s", sequence: null, problem: "channel-limit" } as const
    for (const results of [[], [appended], [appended, invalid]]) {
      const outcome = { ok: true, head: 7, results, receipt: null, effects: [] } as const
      expect(fromSent(structuredClone(toSent(outcome)))).toStrictEqual(outcome)
    }
  })
})
