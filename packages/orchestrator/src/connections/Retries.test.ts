import { describe, expect, it } from "vitest"
import { Retries } from "./Retries.js"

const failing = (at: number) => ({ type: "runtime.error", payload: { message: "refused", willRetry: true }, at })

describe("threads that do nothing but retry", () => {
  it("are known from the first retry on, each for itself", () => {
    const retries = new Retries()
    expect(retries.since("a")).toBeNull()
    retries.heard("a", failing(10))
    retries.heard("a", failing(20))
    retries.heard("b", failing(30))
    expect([retries.since("a"), retries.since("b"), retries.since("c")]).toEqual([10, 30, null])
  })

  it.each(["item.started", "content.delta", "turn.completed", "turn.started", "session.exited", "request.opened"])(
    "do not once they get on: %s",
    (type) => {
      const retries = new Retries()
      retries.heard("a", failing(10))
      retries.heard("b", { type, payload: {}, at: 15 })
      expect(retries.since("a")).toBe(10)
      retries.heard("a", { type, payload: {}, at: 15 })
      expect(retries.since("a")).toBeNull()
      retries.heard("a", failing(20))
      expect(retries.since("a")).toBe(20)
    },
  )

  it.each([
    "inference.started",
    "inference.failed",
    "thread.token-usage.updated",
    "runtime.warning",
    "from the future",
  ])("still do after what is no progress: %s", (type) => {
    const retries = new Retries()
    retries.heard("a", failing(10))
    retries.heard("a", { type, payload: {}, at: 15 })
    expect(retries.since("a")).toBe(10)
  })

  it("do not after an error that is final", () => {
    const retries = new Retries()
    retries.heard("a", failing(10))
    retries.heard("a", { type: "runtime.error", payload: { message: "no", willRetry: false }, at: 15 })
    expect(retries.since("a")).toBeNull()
  })
})
