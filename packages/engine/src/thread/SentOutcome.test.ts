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
