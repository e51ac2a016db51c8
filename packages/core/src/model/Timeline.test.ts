import { describe, expect, it } from "vitest"
import { Scenario, strong } from "../../test/Scenario.js"
import { walkRows } from "./rowMoves.js"
import { Timeline } from "./Timeline.js"

/** Steps that the timelines of this file keep. */
const kept = 16
const timelineOf = (story: Scenario) => new Timeline(story.threadId, () => walkRows(story.threadId, story.log), kept)
const t1 = strong("t1")

describe("a timeline", () => {
  it("goes forward and back, and shows what each event changed or was refused for", () => {
    const timeline = timelineOf(new Scenario().start().turn(t1).turn(strong("t2")).complete(t1))
    const conflict = timeline.after(0, ({ anomalies }) => anomalies.length > 0)
    expect([conflict, timeline.at(3)?.anomalies[0]?.reason]).toEqual([3, "turn-conflict"])
    expect(timeline.at(2)?.rows.some(({ change, row }) => change === "added" && row.startsWith("turns/"))).toBe(true)
    expect([timeline.end(), timeline.at(5), timeline.at(0), timeline.after(3, () => false)]).toEqual([
      4,
      null,
      null,
      null,
    ])
    expect([timeline.at(1)?.event.type, timeline.begun]).toEqual(["session.started", 1])
  })

  it("folds a long thread again once for many steps back, and no more", () => {
    const story = new Scenario().start().turn(t1).item("i1", t1)
    const pieces = 10 * kept
    for (let at = 0; at < pieces; at++) story.delta("i1", t1, ".")
    const timeline = timelineOf(story)
    const end = timeline.end()
    expect(end).toBe(pieces + 3)
    for (let place = end; place > 0; place--) expect(timeline.at(place)?.event.sequence).toBe(place)
    expect(timeline.begun).toBeLessThanOrEqual(1 + Math.ceil(end / kept))
  })
})
