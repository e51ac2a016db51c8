import { blankEnvelope, type EventEnvelope } from "@threadfold/contracts"
import type { TimelineStep } from "@threadfold/core/model"
import { Timeline, walkRows } from "@threadfold/core/model"
import { describe, expect, it } from "vitest"
import { idOf } from "../../../test/scenarios/ThreadFixture.js"
import { type PressedKey, press, type StepView } from "./press.js"

const threadId = idOf("thread")
const sessionId = idOf("session")

const event = (version: number, type: string, payload: unknown, more: Partial<EventEnvelope> = {}): EventEnvelope => ({
  ...blankEnvelope,
  // Other threads have events between these.
  sequence: version * 10,
  streamId: threadId,
  streamVersion: version,
  eventId: idOf(`event ${version}`),
  type,
  v: 1,
  sessionId,
  channel: "agent",
  seq: version,
  at: version,
  recordedAt: version,
  actor: "provider",
  payload,
  ...more,
})

const log = [
  event(1, "session.started", { provider: "x", mode: "managed" }),
  event(2, "turn.started", {}, { turnId: idOf("t1"), native: { turnId: "t1" } }),
  event(3, "runtime.warning", { message: "slow" }),
  event(4, "turn.started", {}, { turnId: idOf("t2"), native: { turnId: "t2" } }),
  event(5, "turn.completed", { outcome: "completed" }, { turnId: idOf("t1"), native: { turnId: "t1" } }),
]

const timeline = () => new Timeline(threadId, () => walkRows(threadId, log))
const begin: StepView = { place: 1, pane: "changes", typed: null, note: null, isDone: false }
const key = (name: string): PressedKey => ({ name: name.toLowerCase(), shift: name !== name.toLowerCase() })
const after = (...names: readonly string[]): StepView => {
  const steps = timeline()
  return names.reduce((view, name) => press(steps, view, key(name)), begin)
}

describe("a key", () => {
  it("goes to the next and the previous event, and not beyond", () => {
    expect(after("n", "right").place).toBe(3)
    expect(after("n", "n", "p").place).toBe(2)
    expect(after("p")).toEqual({ ...begin, note: "This is the first event." })
    expect(after("G")).toEqual({ ...begin, place: 5 })
    expect(after("G", "n").note).toBe("This is the last event.")
    expect(after("G", "g").place).toBe(1)
  })

  it("goes to the next turn and the next anomaly, or says that there is none", () => {
    expect(after("t").place).toBe(2)
    expect(after("t", "t").note).toBe("There is no turn after this event.")
    expect(after("a").place).toBe(4)
    expect(after("a", "a")).toEqual({ ...begin, place: 4, note: "There is no anomaly after this event." })
  })

  it("jumps to a sequence, the next one where the thread has none there", () => {
    expect(after("j", "3").typed).toBe("3")
    expect(after("j", "3", "1", "return")).toEqual({ ...begin, place: 4 })
    expect(after("j", "9", "9", "return").note).toBe("The thread has no event at 99 or after it.")
    expect(after("j", "3", "9", "backspace", "0", "return").place).toBe(3)
    expect(after("n", "j", "5", "escape")).toEqual({ ...begin, place: 2 })
  })

  it("changes what is shown, and ends", () => {
    expect(["e", "w", "r", "c"].map((name) => after(name).pane)).toEqual(["event", "native", "rows", "changes"])
    expect([after("q").isDone, after("escape").isDone, after("x").note]).toEqual([true, true, "There is no such key."])
  })
})

it("stands on steps that show what was refused", () => {
  const step: TimelineStep | null = timeline().at(after("a").place)
  expect(step?.anomalies.map(({ reason }) => reason)).toEqual(["turn-conflict"])
})
