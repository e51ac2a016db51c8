/** The keys of `step` at the foot of its page, in terminals of any width. */
import { blankEnvelope } from "@threadfold/contracts"
import { Timeline, walkRows } from "@threadfold/core/model"
import { describe, expect, it } from "vitest"
import { idOf } from "../../../test/scenarios/ThreadFixture.js"
import { keyHelp } from "../step/press.js"
import { lookOf } from "../text/Look.js"
import { columns } from "../text/table.js"
import { stepScreen } from "./stepPage.js"

const threadId = idOf("thread")
const event = {
  ...blankEnvelope,
  sequence: 1,
  streamId: threadId,
  streamVersion: 1,
  eventId: idOf("event"),
  type: "session.started",
  v: 1,
  sessionId: idOf("session"),
  actor: "provider" as const,
  payload: { provider: "x", mode: "managed" },
}

describe("the page of step", () => {
  it.each([20, 40, 80, 100, 200])("shows every key in %i columns, and fits the terminal", (width) => {
    const step = new Timeline(threadId, () => walkRows(threadId, [event])).at(1)
    if (step === null) throw new Error("there is no step")
    const view = { place: 1, pane: "event" as const, typed: null, note: null, isDone: false }
    const lines = stepScreen(lookOf(false, width, 0), step, view, null, 24).split("\n")
    const foot = lines.slice(lines.findIndex((line) => line.startsWith("n next")))
    expect(foot.join(" · ").split(" · ")).toEqual(keyHelp)
    expect(foot.every((line) => columns(line) <= width)).toBe(true)
    expect(lines.length).toBeLessThanOrEqual(24)
  })
})
