import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"
import { fold, foldBy } from "./fold.js"
import { rules } from "./rules.js"

const t1 = strong("t1")
const details = (s: Scenario) => s.rows.all("anomalies").map((row) => [row.reason, row.detail])

describe("numbers of a source", () => {
  it("a gap and a late number are noted, and the events apply all the same", () => {
    const s = new Scenario().start().send("turn.started", {}, { seq: 3, native: { turnId: t1 } })
    s.send("turn.completed", { outcome: "completed" }, { seq: 7, native: { turnId: t1 } })
    s.send("session.state.changed", { state: "error" }, { seq: 5 })
    expect(details(s)).toEqual([
      ["seq-gap", "4..6 are missing"],
      ["seq-late", "5 came after 7"],
    ])
    expect(s.turnRow(t1)?.outcome).toBe("completed")
    expect(s.session?.status).toBe("error")
  })

  it("channels are numbered apart, and anew in every session", () => {
    const s = new Scenario().start().send("inference.started", {}, { channel: "gateway" }).start("s2")
    s.send("runtime.warning", { message: "x" }, { session: "s1", seq: 40 })
    expect(s.reasons()).toEqual([])
    expect(s.state.channels).toEqual({ agent: 1 })
  })

  it("the first event of a session may be missing", () => {
    const s = new Scenario().send("session.started", { provider: "codex", mode: "managed" }, { seq: 2 })
    expect(details(s)).toEqual([["seq-gap", "1 is missing"]])
  })
})

describe("what this version cannot read", () => {
  it("is kept and noted, and changes nothing", () => {
    const s = new Scenario().start().turn(t1)
    s.sendRaw("turn.of-tomorrow", { x: 1 }).sendRaw(
      "turn.completed",
      { outcome: "completed" },
      { v: 2, native: { turnId: t1 } },
    )
    s.sendRaw("turn.completed", { outcome: 7 }, { native: { turnId: t1 } }).sendRaw("turn.completed", null)
    s.send("provider.unmapped", { method: "a/b", known: false }).send("provider.unmapped", { method: "c", known: true })
    expect(s.turnRow(t1)?.status).toBe("running")
    expect(s.reasons()).toEqual([
      "unknown-type",
      "newer-version",
      "unreadable-payload",
      "unreadable-payload",
      "unmapped",
    ])
    expect(s.state.thread?.streamVersion).toBe(s.log.length)
  })
})

describe("connection streams", () => {
  const connection = { session: null, channel: "agent" } as const
  const opened = () =>
    new Scenario(id("connection")).send("connection.opened", { provider: "codex", mode: "managed", pid: 7 }, connection)
  const row = (s: Scenario) => s.rows.all("connections")[0]

  it("opens, notes what happens on it, and closes for good", () => {
    const s = opened()
      .send("account.updated", { data: {} }, connection)
      .send("runtime.error", { message: "x", willRetry: false }, connection)
    expect(row(s)).toMatchObject({ status: "open", pid: 7, streamVersion: 3 })
    s.send("connection.closed", { reason: "exit", code: 1 }, connection)
    s.send("connection.opened", { provider: "codex", mode: "managed" }, connection)
    expect(row(s)).toMatchObject({ status: "closed", code: 1, pid: 7, streamVersion: 5 })
    expect(s.rows.all("threads")).toEqual([])
    expect(s.reasons()).toEqual(["session-event-after-exit"])
  })

  it("takes no thread's events, and a thread takes none of its", () => {
    const s = opened().send("turn.requested", {}, connection).start()
    expect(s.rows.all("turns")).toEqual([])
    expect(s.rows.all("sessions")).toEqual([])
    const thread = new Scenario().start().send("connection.opened", { provider: "x", mode: "attached" }).turn(t1)
    expect(thread.rows.all("connections")).toEqual([])
    expect(thread.turnRow(t1)?.status).toBe("running")
    expect([s.reasons(), thread.reasons()]).toEqual([["stream-mismatch", "stream-mismatch"], ["stream-mismatch"]])
  })

  it("is known by its numbering, when its opening was lost", () => {
    const s = new Scenario(id("connection")).append({
      ...(new Scenario().start().log[0] ?? fail()),
      streamId: id("connection"),
      sessionId: null,
      seq: 2,
      type: "account.updated",
      payload: {},
    })
    expect(row(s)).toMatchObject({ connectionId: id("connection"), status: "open", provider: null, openedAt: null })
    expect(s.rows.all("threads")).toEqual([])
    s.send("connection.closed", { reason: "exit" }, connection)
    expect(row(s)?.status).toBe("closed")
  })
})

const fail = (): never => {
  throw new Error("the scenario made no event")
}

describe("a step that would break an invariant", () => {
  /** Forgets rule 1: the session turns inactive and keeps its turn. */
  const forgetful = foldBy({
    ...rules,
    "session.state.changed": (step) => {
      const { session } = step.state
      if (session !== null) step.putSession({ ...session, status: "ready" })
      return true
    },
  })

  it("becomes the anomaly fold-defect, and the rows stay as they were", () => {
    const s = new Scenario(id("thread"), forgetful).start().turn(t1)
    const before = s.rows.all("turns")
    s.status("ready")
    expect(s.rows.all("anomalies")).toMatchObject([{ reason: "fold-defect" }])
    expect(s.rows.all("anomalies")[0]?.detail).toContain("fold.inactive-session-has-no-active-turn")
    expect(s.rows.all("turns")).toEqual(before)
    expect(s.rows.all("anomalies").find((one) => one.reason === "fold-defect")?.subject).toBe(
      `event:${s.log[2]?.eventId}`,
    )
    s.item("i1", t1)
    expect(s.itemRow("i1")?.status).toBe("open")
  })

  it("so does one whose rows cannot be read, with a message that is the same in every run", () => {
    const broken: typeof fold = (state, event, rows) =>
      fold(state, event, {
        ...rows,
        find: (table, lookup, values) => {
          if (event.type === "turn.settled") throw new Error("disk on fire")
          return rows.find(table, lookup, values)
        },
        whole: rows.whole,
      })
    const s = new Scenario(id("thread"), broken).start().turn(t1).status("ready")
    s.send("turn.settled", {}, { ids: { turnId: s.turnRow(t1)?.turnId ?? null } })
    expect(details(s)).toEqual([["fold-defect", "disk on fire"]])
    s.complete(t1)
    expect(s.reasons()).toEqual(["fold-defect"])
  })
})
