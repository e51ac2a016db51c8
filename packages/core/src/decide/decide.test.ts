import { Command } from "@threadfold/contracts"
import { Either, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { CommandScenario, created, type GivenCommand, live } from "../../test/CommandScenario.js"
import { id, Scenario, strong } from "../../test/Scenario.js"

const create = { type: "thread.create", agent: "coder", provider: "codex" } as const
const attach = {
  type: "session.attach",
  sessionId: id("session s1"),
  provider: "mine",
  nativeThreadId: "n1",
  leaseMs: 30_000,
  title: "A",
  cwd: "/w",
} as const
const detach = { type: "session.detach", sessionId: attach.sessionId } as const
const thread = (c: CommandScenario) => c.s.rows.all("threads")[0]
const twice = (c: CommandScenario, given: GivenCommand) => [c.answerTo(given), c.answerTo(given)]

describe("thread.create", () => {
  it("makes a thread that an agent works in, and starts nothing", () => {
    const c = new CommandScenario()
    const settings = { sandbox: "strict" }
    const result = c.run({ ...create, title: "A", cwd: "/w", model: "m", settings })
    expect(result).toMatchObject({ events: ["thread.created"], effects: [] })
    expect(thread(c)).toMatchObject({ agent: "coder", provider: "codex", title: "A", cwd: "/w", model: "m", settings })
    expect(thread(c)).toMatchObject({ status: "idle", queueHeld: 0 })
    expect(c.s.state.thread).not.toHaveProperty("settings")
  })

  it("changes nothing for a thread of the same agent, is refused for another's, and keeps its settings with the rest", () => {
    const c = new CommandScenario()
    expect(twice(c, { ...create })).toEqual([["thread.created"], []])
    expect(c.answerTo({ ...create, agent: "other" })).toBe("thread-conflict")
    expect(c.answerTo({ ...create, provider: "acp" })).toBe("thread-conflict")
    const named = new CommandScenario()
    named.run({ ...create, settings: { sandbox: "strict" } })
    named.run({ type: "thread.rename", title: "B" })
    named.s.start().send("turn.plan.updated", { steps: [] })
    expect(thread(named)).toMatchObject({ title: "B", settings: { sandbox: "strict" }, plan: { steps: [] } })
  })

  it("is refused where the id is an imported or attached thread's, a deleted one's, or a connection's", () => {
    expect(new CommandScenario(new Scenario().start()).answerTo(create)).toBe("thread-conflict")
    const gone = created()
    gone.run({ type: "thread.delete" })
    expect(gone.answerTo(create)).toBe("thread-not-found")
    const opened = new Scenario().send("connection.opened", { provider: "x", mode: "managed" }, { session: null })
    expect(new CommandScenario(opened).answerTo(create)).toBe("thread-not-found")
  })
})

describe("a thread that there is", () => {
  it("is renamed, archived, kept alive and deleted, each once", () => {
    const c = new CommandScenario(new Scenario().start())
    expect(twice(c, { type: "thread.rename", title: "New" })).toEqual([["thread.renamed"], []])
    expect(twice(c, { type: "thread.archive" })).toEqual([["thread.archived"], []])
    expect(thread(c)).toMatchObject({ title: "New", status: "archived" })
    expect(twice(c, { type: "thread.unarchive" })).toEqual([["thread.unarchived"], []])
    expect(twice(c, { type: "thread.keep-alive", until: 99 })).toEqual([["thread.keep-alive-set"], []])
    expect(thread(c)?.keepAliveUntil).toBe(99)
    expect(twice(c, { type: "thread.keep-alive", until: null })).toEqual([["thread.keep-alive-set"], []])
    expect(twice(c, { type: "thread.pin" })).toEqual([["thread.pinned"], []])
    expect(twice(c, { type: "thread.unpin" })).toEqual([["thread.unpinned"], []])
    expect(c.answerTo({ type: "thread.delete" })).toBe("thread-busy")
    c.s.send("session.exited", { reason: "exit" })
    expect(twice(c, { type: "thread.delete" })).toEqual([["thread.deleted"], []])
    expect(thread(c)?.deletedAt).not.toBeNull()
  })

  it("is read up to a version that it has, once", () => {
    const c = new CommandScenario(new Scenario().start())
    const version = c.s.state.streamVersion
    expect(c.answerTo({ type: "thread.read", version: version + 1 })).toBe("precondition-failed")
    expect(twice(c, { type: "thread.read", version })).toEqual([["thread.read"], []])
    expect(twice(c, { type: "thread.read", version: 1 })).toEqual([[], []])
  })

  it("is not deleted while a message waits for a session, which could not be seen or stopped then", () => {
    const c = created()
    c.run({ type: "message.send", text: "x" })
    expect(c.answerTo({ type: "thread.delete" })).toBe("thread-busy")
    c.run({ type: "session.stop" })
    expect(c.answerTo({ type: "thread.delete" })).toEqual(["thread.deleted"])
  })

  it("is deleted in spite of an uncertain turn: nothing waits for that", () => {
    const c = live()
    c.outcome("effect.uncertain", "turn.start", c.run({ type: "message.send", text: "x" }).turnId)
    c.s.send("session.exited", { reason: "exit" })
    expect(c.answerTo({ type: "thread.delete" })).toEqual(["thread.deleted"])
  })
})

describe("no thread", () => {
  const all = [
    { type: "thread.rename", title: "x" },
    { type: "thread.archive" },
    { type: "thread.unarchive" },
    { type: "thread.keep-alive", until: null },
    { type: "thread.read", version: 1 },
    { type: "thread.pin" },
    { type: "thread.unpin" },
    { type: "thread.rewind" },
    { type: "thread.compact" },
    { type: "review.start", target: { type: "uncommitted" } },
    { type: "message.send", text: "x" },
    { type: "message.edit", messageId: id("m"), text: "x" },
    { type: "message.promote", messageId: id("m") },
    { type: "queue.cancel", messageId: id("m") },
    { type: "queue.reorder", messageIds: [] },
    { type: "queue.resume" },
    { type: "turn.interrupt" },
    { type: "request.respond", requestId: id("q"), decision: "x" },
    { type: "session.start" },
    { type: "session.stop" },
  ]
  it.each(all.map((given) => [given.type, given] as const))("takes no %s", (_, given) => {
    const c = new CommandScenario()
    expect(c.answerTo(given)).toBe("thread-not-found")
    expect(c.s.log).toEqual([])
    const gone = created()
    gone.run({ type: "thread.delete" })
    expect(gone.answerTo(given)).toBe("thread-not-found")
  })

  it("is not restored; a deleted one is, as it was, and restoring it again changes nothing", () => {
    expect(new CommandScenario().answerTo({ type: "thread.restore" })).toBe("thread-not-found")
    const c = created()
    const before = thread(c)
    c.run({ type: "thread.delete" })
    expect(c.answerTo({ type: "thread.restore" }, (thread(c)?.sequence ?? 0) + 1)).toBe("precondition-failed")
    expect(twice(c, { type: "thread.restore" })).toEqual([["thread.restored"], []])
    expect(thread(c)).toMatchObject({ deletedAt: null, title: before?.title, agent: before?.agent })
    expect(c.answerTo({ type: "thread.rename", title: "again" })).toEqual(["thread.renamed"])
  })

  it("cannot be deleted, and a deleted one cannot be attached", () => {
    expect(new CommandScenario().answerTo({ type: "thread.delete" })).toBe("thread-not-found")
    const c = created()
    c.run({ type: "thread.delete" })
    expect(c.answerTo(attach)).toBe("thread-not-found")
  })
})

describe("attached sessions", () => {
  it("open the thread and themselves, and a repeat changes nothing", () => {
    const c = new CommandScenario()
    expect(c.answerTo(attach)).toEqual(["thread.created", "session.started", "session.configured"])
    expect(thread(c)).toMatchObject({ title: "A", cwd: "/w", provider: "mine", nativeThreadId: "n1", status: "idle" })
    expect(c.s.session).toMatchObject({ mode: "attached", leaseMs: 30_000, epoch: 1, cwd: "/w" })
    expect(c.answerTo(attach)).toEqual([])
    expect(c.answerTo({ ...attach, leaseMs: 60_000 })).toBe("session-conflict")
    expect(c.answerTo({ ...attach, provider: "other" })).toBe("session-conflict")
  })

  it("live one at a time; the next one is the next epoch", () => {
    const c = new CommandScenario()
    c.run(attach)
    const next = { ...attach, sessionId: id("session s2"), title: "B", cwd: null }
    expect(c.answerTo(next)).toBe("thread-busy")
    expect(c.answerTo(detach)).toEqual(["session.exited"])
    expect(c.s.session).toMatchObject({ status: "stopped", cause: "detached", evidence: "observed" })
    expect(c.answerTo(next)).toEqual(["session.started", "thread.metadata.updated"])
    expect(c.s.session).toMatchObject({ epoch: 2, status: "ready" })
    expect(thread(c)?.title).toBe("B")
    expect(c.answerTo(attach)).toEqual([])
    expect(c.answerTo({ ...attach, leaseMs: 1 })).toBe("session-conflict")
  })

  it("end once, and only what is attached and there", () => {
    const c = new CommandScenario()
    c.run(attach)
    expect(twice(c, detach)).toEqual([["session.exited"], []])
    expect(c.answerTo({ ...detach, sessionId: id("missing") })).toBe("session-not-found")
    expect(live().answerTo(detach)).toBe("session-conflict")
    const foreign = { ...c.s.session, threadId: id("theirs"), sessionId: id("foreign"), endedAt: null }
    c.s.rows.rows.get("sessions")?.set(JSON.stringify([id("foreign")]), foreign)
    expect(c.answerTo({ ...detach, sessionId: id("foreign") })).toBe("session-not-found")
    expect(c.answerTo({ ...attach, sessionId: id("foreign") })).toBe("session-conflict")
  })

  it("are no connections", () => {
    const s = new Scenario().send("connection.opened", { provider: "x", mode: "managed" }, { session: null })
    expect(new CommandScenario(s).answerTo(attach)).toBe("thread-not-found")
  })
})

describe("a command", () => {
  it("is none that its schema refuses", () => {
    const refused = Schema.decodeUnknownEither(Command)
    const threadId = id("thread")
    const odd = [
      {},
      { type: "thread.rename", title: "x" },
      { threadId, ...attach, sessionId: "x" },
      { threadId, ...attach, leaseMs: 0 },
      { threadId, type: "thread.rename", title: "" },
      { threadId, type: "message.send", text: "x", mode: "now" },
      { threadId, type: "message.send", text: "x".repeat(1_000_001) },
      { threadId, type: "turn.interrupt", turnId: strong("t1").toUpperCase() },
      { threadId, type: "message.promote", messageId: id("m"), to: "end" },
      { threadId, type: "queue.reorder", messageIds: ["1"] },
      { threadId, type: "request.respond", requestId: id("q"), decision: "" },
      { threadId, type: "session.reconcile", sessionId: id("s"), liveness: "dead", reason: "x" },
    ]
    for (const one of odd) expect(Either.isLeft(refused(one))).toBe(true)
  })
})
