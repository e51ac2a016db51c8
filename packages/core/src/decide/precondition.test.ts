import { describe, expect, it } from "vitest"
import { CommandScenario, created, live } from "../../test/CommandScenario.js"
import { id, strong } from "../../test/Scenario.js"

const t1 = strong("t1")
const failed = "precondition-failed"
const version = (c: CommandScenario, table: "turns" | "requests" | "queue" | "sessions", key: string) =>
  c.s.rows.find(table, "key", [key])?.sequence ?? 0
const thread = (c: CommandScenario) => c.s.state.thread?.sequence ?? 0

describe("If-Match names the version of the resource", () => {
  it("a thread: whatever happened in it counts", () => {
    const c = live()
    const seen = thread(c)
    const rename = (title: string, ifSequence: number) => c.answerTo({ type: "thread.rename", title }, ifSequence)
    expect(rename("A", seen)).toEqual(["thread.renamed"])
    expect(rename("B", seen)).toBe(failed)
    expect(rename("B", thread(c))).toEqual(["thread.renamed"])
    const rest = [
      { type: "thread.archive" },
      { type: "message.send", text: "x" },
      { type: "queue.resume" },
      { type: "session.start" },
    ]
    for (const given of rest) expect(c.answerTo(given, seen)).toBe(failed)
  })

  it("a turn: what happened to others, and in its items, does not count", () => {
    const c = live()
    c.s.turn(t1)
    const turnId = c.s.turnRow(t1)?.turnId ?? ""
    const seen = version(c, "turns", turnId)
    c.run({ type: "thread.rename", title: "A" })
    expect(c.answerTo({ type: "turn.interrupt", turnId }, seen - 1)).toBe(failed)
    expect(c.answerTo({ type: "turn.interrupt", turnId }, seen)).toEqual(["turn.interrupt-requested"])
    expect(c.answerTo({ type: "turn.interrupt", turnId }, seen)).toBe(failed)
  })

  it("the turn that an interrupt means without naming it", () => {
    const c = live()
    const { turnId } = c.run({ type: "message.send", text: "x" })
    const seen = version(c, "turns", turnId ?? "")
    c.run({ type: "thread.rename", title: "A" })
    expect(c.answerTo({ type: "turn.interrupt" }, seen - 1)).toBe(failed)
    expect(c.answerTo({ type: "turn.interrupt" }, seen)).toEqual(["turn.interrupt-requested"])
    expect(c.answerTo({ type: "turn.interrupt" }, seen)).toBe(failed)
    expect(c.answerTo({ type: "turn.interrupt" }, thread(c))).toEqual([])
  })

  it("a request", () => {
    const c = live()
    const q = { native: { turnId: t1, requestId: "0" } }
    c.s.turn(t1).send("request.opened", { kind: "other" }, q)
    const requestId = c.s.rows.all("requests")[0]?.requestId ?? ""
    const seen = version(c, "requests", requestId)
    c.s.send("request.opened", { kind: "other", title: "another question now" }, q)
    const respond = (ifSequence: number) =>
      c.answerTo({ type: "request.respond", requestId, decision: "yes" }, ifSequence)
    expect(respond(seen)).toBe(failed)
    expect(respond(version(c, "requests", requestId))).toEqual(["request.answering"])
  })

  it("a queued message", () => {
    const c = live()
    c.s.turn(t1)
    const [a = "", b = ""] = ["a", "b"].map((text) => c.run({ type: "message.send", text }).messageId ?? "")
    const seen = version(c, "queue", b)
    c.run({ type: "queue.cancel", messageId: a })
    // It moved up.
    expect(c.answerTo({ type: "queue.cancel", messageId: b }, seen)).toBe(failed)
    expect(c.answerTo({ type: "queue.cancel", messageId: b }, version(c, "queue", b))).toEqual(["message.cancelled"])
  })

  it("an attached session", () => {
    const c = new CommandScenario()
    const sessionId = id("session s1")
    c.run({ type: "session.attach", sessionId, provider: "mine", leaseMs: 1000 })
    const seen = version(c, "sessions", sessionId)
    c.run({ type: "thread.rename", title: "A" })
    c.s.send("session.state.changed", { state: "running" })
    expect(c.answerTo({ type: "session.detach", sessionId }, seen)).toBe(failed)
    expect(c.answerTo({ type: "session.detach", sessionId }, version(c, "sessions", sessionId))).toEqual([
      "session.exited",
    ])
  })

  it("what there is not is refused as such, another thread's things as well", () => {
    const c = live()
    c.s.turn(t1).send("request.opened", { kind: "other" }, { native: { turnId: t1, requestId: "0" } })
    const [request] = c.s.rows.all("requests")
    const theirs = { threadId: id("theirs"), sequence: 7 }
    c.s.rows.rows.get("turns")?.set(JSON.stringify([id("f")]), { ...c.s.turnRow(t1), ...theirs, turnId: id("f") })
    c.s.rows.rows.get("requests")?.set(JSON.stringify([id("f")]), { ...request, ...theirs, requestId: id("f") })
    for (const name of [id("f"), id("missing")]) {
      for (const ifSequence of [7, 8]) {
        expect(c.answerTo({ type: "turn.interrupt", turnId: name }, ifSequence)).toBe("resource-not-found")
        expect(c.answerTo({ type: "request.respond", requestId: name, decision: "x" }, ifSequence)).toBe(
          "resource-not-found",
        )
        expect(c.answerTo({ type: "queue.cancel", messageId: name }, ifSequence)).toBe("resource-not-found")
        expect(c.answerTo({ type: "session.detach", sessionId: name }, ifSequence)).toBe("session-not-found")
      }
    }
    expect(new CommandScenario().answerTo({ type: "thread.rename", title: "A" }, 7)).toBe("thread-not-found")
    const gone = created()
    gone.run({ type: "thread.delete" })
    expect(gone.answerTo({ type: "thread.rename", title: "A" }, 1)).toBe("thread-not-found")
  })

  it("without one, nothing is compared", () => {
    expect(live().answerTo({ type: "thread.rename", title: "A" }, null)).toEqual(["thread.renamed"])
  })
})
