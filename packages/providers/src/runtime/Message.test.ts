import { describe, expect, it } from "vitest"
import { readMessage } from "./Message.js"

describe("the frame of a message", () => {
  it("tells calls, notifications and answers apart by what they have", () => {
    expect(readMessage({ id: 0, method: "m", params: { a: 1 } })).toEqual({
      kind: "request",
      id: "0",
      method: "m",
      params: { a: 1 },
    })
    expect(readMessage({ method: "m", emittedAtMs: 5 })).toEqual({
      kind: "notification",
      method: "m",
      params: {},
      emittedAtMs: 5,
    })
    expect(readMessage({ id: "0", result: null })).toEqual({
      kind: "response",
      id: '"0"',
      answer: { ok: true, result: null },
    })
    expect(readMessage({ id: 1, error: { code: -3, message: "no" } })).toEqual({
      kind: "response",
      id: "1",
      answer: { ok: false, code: -3, message: "no" },
    })
  })

  it("takes an error beside a result, and a result beside no error", () => {
    expect(readMessage({ id: 1, result: 2, error: null })).toMatchObject({ answer: { ok: true, result: 2 } })
    expect(readMessage({ id: 1, result: 2, error: { message: "no" } })).toMatchObject({
      answer: { ok: false, message: "no" },
    })
    expect(readMessage({ id: 1, error: "broken" })).toMatchObject({ answer: { ok: false, code: undefined } })
    expect(readMessage({ id: 1, error: {} })).toMatchObject({
      answer: { ok: false, message: "the call failed without a message" },
    })
  })

  it.each([
    [undefined, "not a JSON object"],
    [[], "not a JSON object"],
    [{}, "neither a call, nor a notification, nor an answer"],
    [{ id: 4 }, "neither a call, nor a notification, nor an answer"],
    [{ result: 4 }, "neither a call, nor a notification, nor an answer"],
    [{ method: 4 }, "method: expected a string"],
    [{ method: "m", params: [1] }, "params: expected an object"],
    [{ method: "m", id: null }, "id: expected a string or a number"],
    [{ id: Number.POSITIVE_INFINITY, result: 1 }, "id: expected a string or a number"],
  ])("refuses %j with the reason", (message, problem) => {
    expect(readMessage(message)).toMatchObject({ kind: "malformed", problem })
  })

  it("takes a time only where it is one", () => {
    for (const emittedAtMs of ["5", -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 48]) {
      expect(readMessage({ method: "m", emittedAtMs })).toMatchObject({ emittedAtMs: undefined })
    }
  })
})
