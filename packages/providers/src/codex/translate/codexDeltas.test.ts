import { paused } from "@threadfold/testkit"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  agentDelta,
  flushed,
  notify,
  ofType,
  recv,
  run,
  short,
  stderr,
  T,
  t0,
  turnCompleted,
  turnStarted,
  U,
  X,
  Y,
} from "../../../test/support/codexWire.js"

const deltas = (events: ReturnType<typeof flushed>) =>
  ofType(events, "content.delta").map(({ payload }) => JSON.parse(JSON.stringify(payload)))
const texts = (events: ReturnType<typeof flushed>) => deltas(events).map(({ delta }) => delta)

describe("merging of pieces", () => {
  it("keeps count, first and last time, and the lines it came from", () => {
    const lines = [agentDelta(0, "a"), agentDelta(20, "b"), agentDelta(50, "c")]
    const [merged] = ofType(flushed([turnStarted(0), ...lines]), "content.delta")
    expect(merged).toMatchObject({
      at: 0,
      native: { threadId: T, turnId: X, itemId: "msg_1" },
      payload: { stream: "text", delta: "abc", frames: 3, lastAt: t0 + 50 },
    })
    expect(merged?.raw).toBe(lines.map(({ raw }) => raw).join("\n"))
  })

  it("ends 50 ms after the first piece", () => {
    expect(texts(flushed([agentDelta(0, "a"), agentDelta(50, "b"), agentDelta(51, "c")]))).toEqual(["ab", "c"])
    const { translator } = run([turnStarted(0), agentDelta(0, "a"), agentDelta(40, "b")])
    expect(translator.nextDeadline()).toBe(t0 + 50)
    expect(translator.tick(t0 + 49)).toEqual([])
    expect(translator.tick(t0 + 50).map(({ event }) => event.type)).toEqual(["content.delta"])
  })

  it("goes by the time that the message itself gives", () => {
    const frame = (at: number, emittedAtMs: unknown, delta: string) =>
      recv(at, {
        method: "item/agentMessage/delta",
        params: { threadId: T, turnId: X, itemId: "i", delta },
        emittedAtMs,
      })
    const [first, second] = ofType(flushed([frame(10, t0, "a"), frame(20, t0 + 60, "b")]), "content.delta")
    expect([first?.at, second?.at]).toEqual([0, 60])
    const [odd] = ofType(flushed([frame(10, "soon", "a"), frame(20, -1, "b"), frame(30, 1e300, "c")]), "content.delta")
    expect(odd).toMatchObject({ at: 10, payload: { delta: "abc" } })
  })

  it("never passes 4 KiB of UTF-8", () => {
    const two = "é".repeat(1024)
    expect(texts(flushed([agentDelta(0, two), agentDelta(1, two), agentDelta(2, "x")]))).toEqual([two + two, "x"])
    const one = "𝄞".repeat(1023)
    expect(texts(flushed([agentDelta(0, one), agentDelta(1, "abcd"), agentDelta(2, "e")]))).toEqual([`${one}abcd`, "e"])
    const long = "y".repeat(9000)
    expect(texts(flushed([agentDelta(0, "a"), agentDelta(1, long), agentDelta(2, "b")]))).toEqual(["a", long, "b"])
  })

  it("joins only pieces of one item, stream, part and turn", () => {
    const summary = (at: number, summaryIndex: number, delta: string) =>
      notify(at, "item/reasoning/summaryTextDelta", { threadId: T, turnId: X, itemId: "r", delta, summaryIndex })
    const lines = [
      agentDelta(0, "a"),
      agentDelta(1, "b", "msg_2"),
      agentDelta(2, "c", "msg_2", T, Y),
      summary(3, 0, "d"),
      summary(4, 1, "e"),
      summary(5, 1, "f"),
      notify(6, "item/reasoning/textDelta", { threadId: T, turnId: X, itemId: "r", delta: "g", contentIndex: 1 }),
    ]
    expect(deltas(flushed(lines)).map(({ stream, part, delta }) => [stream, part, delta])).toEqual([
      ["text", undefined, "a"],
      ["text", undefined, "b"],
      ["text", undefined, "c"],
      ["summary", 0, "d"],
      ["summary", 1, "ef"],
      ["reasoning", 1, "g"],
    ])
  })

  it("ends before any other event of the thread, and only of that thread", () => {
    const partAdded = notify(2, "item/reasoning/summaryPartAdded", {
      threadId: T,
      turnId: X,
      itemId: "r",
      summaryIndex: 0,
    })
    const { events } = run([agentDelta(0, "a"), agentDelta(1, "b"), partAdded, agentDelta(3, "c"), turnCompleted(4)])
    expect(events.slice(-4).map(({ type }) => type)).toEqual([
      "content.delta",
      "provider.unmapped",
      "content.delta",
      "turn.completed",
    ])
    const others = [agentDelta(0, "a"), stderr(1, "noise"), turnStarted(2, Y, U), agentDelta(3, "b")]
    expect(texts(flushed(others))).toEqual(["ab"])
  })

  it("maps each stream of the wire", () => {
    const stream = (method: string, extra: object = {}) =>
      deltas(flushed([notify(0, method, { threadId: T, turnId: X, itemId: "i", delta: "d", ...extra })]))[0]?.stream
    expect(stream("item/plan/delta")).toBe("plan")
    expect(stream("item/commandExecution/outputDelta")).toBe("output")
    expect(stream("item/fileChange/outputDelta")).toBe("output")
    expect(stream("item/mcpToolCall/progress", { message: "m" })).toBe("progress")
  })

  it("leaves sentences of progress apart", () => {
    const progress = (at: number, message: string) =>
      notify(at, "item/mcpToolCall/progress", { threadId: T, turnId: X, itemId: "i", message })
    expect(texts(flushed([progress(0, "one"), progress(1, "two")]))).toEqual(["one", "two"])
  })

  it("loses and moves no byte, whatever comes in between", async () => {
    const piece = fc.record({
      gap: fc.nat({ max: 40 }),
      text: fc.fullUnicodeString({ maxLength: 30 }),
      item: fc.nat({ max: 1 }),
    })
    await fc.assert(
      paused(
        fc.property(fc.array(piece, { maxLength: 40 }), fc.array(fc.nat({ max: 39 })), (pieces, ticks) => {
          let at = 0
          const sent = ["", ""]
          const { translator } = run([turnStarted(0)])
          const emitted = pieces.flatMap(({ gap, text, item }, index) => {
            at += gap
            sent[item] += text
            const pushed = translator.push(agentDelta(at, text, `msg_${item}`)).emitted
            return ticks.includes(index) ? [...pushed, ...translator.tick(t0 + at)] : pushed
          })
          const reported = ["", ""]
          let frames = 0
          for (const { native, payload } of [...emitted, ...translator.flush()].map(short)) {
            const { itemId } = JSON.parse(JSON.stringify(native))
            const said = JSON.parse(JSON.stringify(payload))
            reported[itemId === "msg_0" ? 0 : 1] += said.delta
            frames += said.frames
            expect(said.lastAt - t0).toBeLessThanOrEqual(at)
          }
          expect(reported).toEqual(sent)
          expect(frames).toBe(pieces.length)
        }),
      ),
    )
  })
})
