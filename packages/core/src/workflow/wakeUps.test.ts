import { type CommandType, events } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { type CommandNews, commandNews, eventNews, newsOf } from "./wakeUps.js"

const eventTypes = Object.keys(events)
const of = (does: "wakes" | "progress"): readonly string[] => eventTypes.filter((type) => newsOf(type)[does])

describe("an event of an agent", () => {
  it("wakes its thread where a turn or a session has begun, was taken, or has ended", () => {
    expect(of("wakes")).toEqual([
      "session.started",
      "session.state.changed",
      "session.exited",
      "turn.accepted",
      "turn.started",
      "turn.completed",
      "turn.aborted",
      "runtime.error",
      "turn.start-failed",
    ])
  })

  it("shows progress where the turn says something new, or is over", () => {
    expect(of("progress")).toEqual([
      "session.exited",
      "turn.started",
      "turn.completed",
      "turn.aborted",
      "turn.plan.updated",
      "turn.proposed.delta",
      "turn.proposed.completed",
      "turn.diff.updated",
      "item.started",
      "item.updated",
      "item.completed",
      "content.delta",
      "request.opened",
      "user-input.requested",
      "task.started",
      "task.progress",
      "inference.item",
      "inference.completed",
    ])
  })

  it("of every type has an entry, and of an unknown one means nothing", () => {
    expect(new Set(Object.keys(eventNews))).toEqual(new Set(eventTypes))
    for (const type of ["from.the.future", "constructor"])
      expect(newsOf(type)).toEqual({ wakes: false, progress: false })
  })
})

describe("an accepted command", () => {
  const that = (does: keyof CommandNews) =>
    (Object.keys(commandNews) as CommandType[]).filter((type) => commandNews[type][does])

  it("of every type has an entry that says both", () => {
    for (const news of Object.values(commandNews)) {
      expect(news).toEqual({ wakes: expect.any(Boolean), callsOffStart: expect.any(Boolean) })
    }
  })

  it("calls off a start that is under way where it stops or cancels what it was for", () => {
    expect(that("callsOffStart")).toEqual(["turn.interrupt", "session.stop"])
    for (const type of that("callsOffStart")) expect(commandNews[type].wakes).toBe(true)
  })

  it("wakes its thread unless it only says something about it", () => {
    const wakes = new Set(that("wakes"))
    const silent = (Object.keys(commandNews) as CommandType[]).filter((type) => !wakes.has(type))
    expect(silent).toEqual([
      "thread.create",
      "thread.rename",
      "thread.archive",
      "thread.unarchive",
      "thread.delete",
      "thread.fork",
      "thread.purge",
      "thread.keep-alive",
      "thread.unattended",
      "thread.read",
      "thread.pin",
      "thread.unpin",
      "message.edit",
      "turn.stall",
      "realtime.start",
      "realtime.stop",
    ])
  })
})
