import { describe, expect, it } from "vitest"
import { retryingSince } from "./wakeUps.js"

const error = (payload: unknown, at = 20) => ({ type: "runtime.error", payload, at })

describe("since when an agent does nothing but retry", () => {
  it("is from the first retry on", () => {
    expect(retryingSince(null, error({ willRetry: true }))).toBe(20)
    expect(retryingSince(10, error({ willRetry: true }))).toBe(10)
    expect(retryingSince(0, error({ willRetry: true }))).toBe(0)
  })

  it.each([{ willRetry: false }, { message: "no" }, { willRetry: "yes" }, null, undefined, "no"])(
    "is over with an error that is final: %j",
    (payload) => {
      expect(retryingSince(10, error(payload))).toBeNull()
      expect(retryingSince(null, error(payload))).toBeNull()
    },
  )

  it("is over with progress, and with nothing else", () => {
    expect(retryingSince(10, { type: "content.delta", at: 20 })).toBeNull()
    expect(retryingSince(10, { type: "inference.started", at: 20 })).toBe(10)
    expect(retryingSince(10, { type: "from.the.future", at: 20 })).toBe(10)
    expect(retryingSince(null, { type: "inference.started", payload: { willRetry: true }, at: 20 })).toBeNull()
  })
})
