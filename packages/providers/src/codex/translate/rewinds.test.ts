import { describe, expect, it } from "vitest"
import {
  flushed,
  notify,
  ofType,
  recv,
  run,
  send,
  started,
  T,
  turnCompleted,
  turnStarted,
  X,
  Y,
} from "../../../test/support/codexWire.js"
import type { WireLine } from "../../Translator.js"

const reverted = (at: number, threadId = T) => notify(at, "thread/reverted", { threadId })
const revert = (at: number, id: number, beforeTurnId = X) =>
  send(at, { id, method: "thread/revert", params: { threadId: T, beforeTurnId } })
const answer = (at: number, id: number, result: object = { thread: { id: T, turns: [] } }) => recv(at, { id, result })
const refusal = (at: number, id: number) => recv(at, { id, error: { code: -32600, message: "a turn runs" } })
const rollback = (at: number, id: number, numTurns?: number) =>
  send(at, { id, method: "thread/rollback", params: { threadId: T, ...(numTurns === undefined ? {} : { numTurns }) } })
const turns = (...ids: readonly string[]) => ids.map((id) => ({ id, items: [], status: "completed" }))

const begun = [...started(0), turnStarted(1), turnCompleted(2)]
const rewinds = (lines: readonly WireLine[]) =>
  ofType(flushed([...begun, ...lines]), "thread.rewound").map(({ channel, native, payload }) => ({
    channel,
    ...Object(native),
    ...Object(payload),
  }))

const reported = { channel: "agent", threadId: T }

describe("turns that Codex took back", () => {
  it("the notification to all clients says no more than that one was taken back", () => {
    expect(rewinds([reverted(3)])).toEqual([reported])
    expect(rewinds([reverted(3), reverted(4)])).toEqual([reported, reported])
  })

  it.each([
    ["after", [revert(3, 5), answer(4, 5), reverted(5)], { callId: "5" }],
    ["before", [revert(3, 5), reverted(4), answer(5, 5)], {}],
    ["without", [revert(3, 5), answer(4, 5)], { callId: "5" }],
  ])("the call says which turn is the first; it is reported once, the word %s its answer", (_, lines, more) => {
    expect(rewinds(lines)).toEqual([{ ...reported, turnId: X, ...more }])
  })

  it("a refused call took nothing back, and a notification after it is about another client's call", () => {
    expect(rewinds([revert(3, 5), refusal(4, 5)])).toEqual([])
    expect(rewinds([revert(3, 5), refusal(4, 5), reverted(5)])).toEqual([reported])
  })

  it("a notification that never comes is not waited for beyond the next turn", () => {
    const lines = [revert(3, 5), answer(4, 5), turnStarted(5, Y), turnCompleted(6, Y), reverted(7)]
    expect(rewinds(lines)).toEqual([{ ...reported, turnId: X, callId: "5" }, reported])
  })

  it("an older server answers a rollback with the turns that are left", () => {
    const left = { thread: { id: T, turns: turns(X, Y) } }
    expect(rewinds([rollback(3, 6, 2), answer(4, 6, left)])).toEqual([
      { ...reported, callId: "6", count: 2, keptNativeTurnId: Y },
    ])
    expect(rewinds([rollback(3, 6, 2), answer(4, 6)])).toEqual([{ ...reported, callId: "6", count: 2 }])
    expect(rewinds([rollback(3, 6), answer(4, 6)])).toEqual([{ ...reported, callId: "6" }])
    expect(rewinds([rollback(3, 6, 2), refusal(4, 6)])).toEqual([])
  })

  it.each([
    ["thread/turns/list", { threadId: T }, { data: turns(Y, X) }, Y],
    ["thread/turns/list", { threadId: T, sortDirection: "desc" }, { data: turns(Y, X) }, Y],
    ["thread/turns/list", { threadId: T, sortDirection: "asc" }, { data: turns(X, Y) }, undefined],
    ["thread/turns/list", { threadId: T, cursor: "c" }, { data: turns(X) }, undefined],
    ["thread/read", { threadId: T, includeTurns: true }, { thread: { id: T, turns: turns(X, Y) } }, Y],
    ["thread/read", { threadId: T }, { thread: { id: T, turns: [] } }, undefined],
    ["thread/resume", { threadId: T }, { thread: { id: T, turns: turns(X) } }, X],
  ])("a list of what is left tells how much went: %s %j", (method, params, result, kept) => {
    const list = [send(4, { id: 7, method, params }), answer(5, 7, result)]
    expect(rewinds([reverted(3), ...list]).slice(1)).toEqual(
      kept === undefined ? [] : [{ ...reported, callId: "7", keptNativeTurnId: kept }],
    )
    expect(rewinds(list)).toEqual([])
    expect(rewinds([reverted(3), turnStarted(4, Y), ...list])).toHaveLength(1)
  })

  it("of a thread without a session it is kept, and so is a call without a readable bound", () => {
    const lines = [recv(0, { method: "thread/reverted", params: { threadId: T } }), revert(1, 5), answer(2, 5)]
    expect(run(lines).fates).toEqual(["kept", "kept", "kept"])
    const odd = send(3, { id: 5, method: "thread/rollback", params: { threadId: T, numTurns: "many" } })
    expect(rewinds([odd, answer(4, 5, { thread: "?" })])).toEqual([{ ...reported, callId: "5" }])
  })
})
