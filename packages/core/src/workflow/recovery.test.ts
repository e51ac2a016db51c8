import { type EffectKind, effectKinds } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import {
  endingsAtRecovery,
  isOursToSettle,
  isSettledAtStart,
  type LeftBehind,
  livenessOf,
  type Serving,
} from "./recovery.js"

describe("an effect that was attempted when the server ended", () => {
  // A call to a process that is gone retires, but a message may have reached the agent; a start is safe to repeat.
  it.each<readonly [EffectKind, string]>([
    ["session.start", "pending"],
    ["turn.start", "uncertain"],
    ["turn.steer", "uncertain"],
    ["turn.interrupt", "retired"],
    ["request.answer", "retired"],
    ["session.stop", "retired"],
    ["session.configure", "retired"],
    ["thread.rewind", "uncertain"],
    ["task.stop", "retired"],
  ])("%s: %s", (kind, ending) => expect(endingsAtRecovery[kind]).toBe(ending))

  it("retires all of the control lane, and of the work lane what the next session starts with anyway", () => {
    const retired = (Object.keys(effectKinds) as EffectKind[]).filter((kind) => endingsAtRecovery[kind] === "retired")
    expect(retired.filter((kind) => effectKinds[kind].lane === "work")).toEqual(["session.configure"])
  })
})

describe("whether a session's process runs", () => {
  const none: Serving = { hasSession: false, isConnected: false, isServedElsewhere: false }
  const managed = { mode: "managed", connectionId: "connection" } as const

  it("does where this process serves the session, or its connection", () => {
    expect(livenessOf(managed, { ...none, hasSession: true })).toBe("alive")
    expect(livenessOf(managed, { ...none, isConnected: true })).toBe("alive")
    expect(livenessOf(managed, { ...none, isConnected: true, isServedElsewhere: true })).toBe("alive")
  })

  it("is not known where a process of an earlier run could not be ended", () => {
    expect(livenessOf(managed, { ...none, isServedElsewhere: true })).toBe("unknown")
  })

  it("does not otherwise", () => {
    expect(livenessOf(managed, none)).toBe("gone")
    const unconnected = { ...managed, connectionId: null }
    expect(livenessOf(unconnected, { ...none, isConnected: true, isServedElsewhere: true })).toBe("gone")
  })

  it.each(["attached", "imported"] as const)("is not ours to say of one that is %s", (mode) => {
    expect(livenessOf({ ...managed, mode }, none)).toBe("alive")
    expect(isOursToSettle({ mode })).toBe(false)
  })

  it("is ours to settle of one that we ran", () => {
    expect(isOursToSettle(managed)).toBe(true)
    expect(isOursToSettle({ mode: null })).toBe(false)
  })
})

describe("a session or connection whose row says at the start that it is open", () => {
  const left = { isServed: false, processesLeft: 0 }

  it.each<readonly [string | null, Partial<LeftBehind>, boolean]>([
    ["managed", {}, true],
    ["managed", { processesLeft: 1 }, false],
    ["managed", { isServed: true }, false],
    ["attached", {}, false],
    ["imported", {}, false],
    [null, {}, false],
  ])("of mode %s, %o: settled %s", (mode, more, isSettled) =>
    expect(isSettledAtStart({ mode }, { ...left, ...more })).toBe(isSettled),
  )
})
