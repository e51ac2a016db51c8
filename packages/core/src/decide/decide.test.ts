import { Command, type CommandType } from "@threadfold/contracts"
import { Either, Schema } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { id, Scenario } from "../../test/Scenario.js"
import { checkLog, checkRows, decide } from "../index.js"

const mint = (purpose: string) => id(`minted ${purpose}`)
const decode = Schema.decodeUnknownSync(Command)
const threadId = id("thread")
const attach = {
  type: "session.attach",
  threadId,
  sessionId: id("session s1"),
  provider: "mine",
  nativeThreadId: "n1",
  leaseMs: 30_000,
  title: "A",
  cwd: "/w",
} as const

/** Decides and, where accepted, appends as the engine would. */
const run = (s: Scenario, given: unknown): string => {
  const decision = decide({ state: s.state, rows: s.rows, attempting: () => false, mint }, decode(given))
  if ("refused" in decision) return decision.refused.slug
  for (const { native, payload, sessionId, type } of decision.accepted.events) {
    const label = [1, 2].map((one) => `s${one}`).find((one) => id(`session ${one}`) === sessionId)
    s.sendRaw(type, payload, {
      session: label ?? null,
      channel: "adapter:test",
      ...(native === null ? {} : { native }),
      actor: "client",
    })
  }
  return decision.accepted.events.map((event) => event.type).join(" ")
}
const thread = (s: Scenario) => s.rows.all("threads")[0]

describe("decide: threads", () => {
  it("renames, archives, keeps alive and deletes, each once", () => {
    const s = new Scenario().start()
    const twice = (command: object) => [run(s, { threadId, ...command }), run(s, { threadId, ...command })]
    expect(twice({ type: "thread.rename", title: "New" })).toEqual(["thread.renamed", ""])
    expect(twice({ type: "thread.archive" })).toEqual(["thread.archived", ""])
    expect(thread(s)).toMatchObject({ title: "New", status: "archived" })
    expect(twice({ type: "thread.unarchive" })).toEqual(["thread.unarchived", ""])
    expect(twice({ type: "thread.keep-alive", until: 99 })).toEqual(["thread.keep-alive-set", ""])
    expect(thread(s)?.keepAliveUntil).toBe(99)
    expect(twice({ type: "thread.keep-alive", until: null })).toEqual(["thread.keep-alive-set", ""])
    expect(run(s, { threadId, type: "thread.delete" })).toBe("thread-busy")
    s.send("session.exited", { reason: "exit" })
    expect(twice({ type: "thread.delete" })).toEqual(["thread.deleted", ""])
    expect(thread(s)?.deletedAt).not.toBeNull()
  })

  it.each(["thread.rename", "thread.archive", "thread.unarchive", "thread.keep-alive", "thread.delete"] as const)(
    "%s of no thread is refused, and appends nothing",
    (type) => {
      const s = new Scenario()
      expect(run(s, { threadId, type, title: "x", until: null })).toBe("thread-not-found")
      expect(s.log).toEqual([])
    },
  )

  it("a deleted thread is no thread", () => {
    const s = new Scenario().start().send("session.exited", { reason: "exit" })
    run(s, { threadId, type: "thread.delete" })
    expect(run(s, { threadId, type: "thread.rename", title: "x" })).toBe("thread-not-found")
    expect(run(s, { ...attach, sessionId: id("session s2") })).toBe("thread-not-found")
  })
})

describe("decide: attached sessions", () => {
  it("opens the thread and its session, and a repeat changes nothing", () => {
    const s = new Scenario()
    expect(run(s, attach)).toBe("thread.created session.started session.configured")
    expect(thread(s)).toMatchObject({ title: "A", cwd: "/w", provider: "mine", nativeThreadId: "n1", status: "idle" })
    expect(s.session).toMatchObject({ mode: "attached", leaseMs: 30_000, epoch: 1, cwd: "/w" })
    expect(run(s, attach)).toBe("")
    expect(run(s, { ...attach, leaseMs: 60_000 })).toBe("session-conflict")
    expect(run(s, { ...attach, provider: "other" })).toBe("session-conflict")
  })

  it("one living session at a time; the next one is the next epoch", () => {
    const s = new Scenario()
    run(s, attach)
    const next = { ...attach, sessionId: id("session s2"), title: "B", cwd: null }
    expect(run(s, next)).toBe("thread-busy")
    expect(run(s, { type: "session.detach", threadId, sessionId: attach.sessionId })).toBe("session.exited")
    expect(s.session).toMatchObject({ status: "stopped", cause: "detached", evidence: "observed" })
    expect(run(s, next)).toBe("session.started thread.metadata.updated")
    expect(s.session).toMatchObject({ epoch: 2, status: "ready" })
    expect(thread(s)?.title).toBe("B")
    expect(run(s, attach)).toBe("")
    expect(run(s, { ...attach, leaseMs: 1 })).toBe("session-conflict")
  })

  it("ends once, and only what is attached and there", () => {
    const s = new Scenario()
    run(s, attach)
    const detach = { type: "session.detach", threadId, sessionId: attach.sessionId }
    expect([run(s, detach), run(s, detach)]).toEqual(["session.exited", ""])
    expect(run(s, { ...detach, sessionId: id("nobody") })).toBe("session-not-found")
    expect(run(s, { ...detach, threadId: id("other") })).toBe("session-not-found")
    expect(run(new Scenario().start(), detach)).toBe("session-conflict")
  })

  it("a connection is no thread", () => {
    const s = new Scenario().send("connection.opened", { provider: "x", mode: "managed" }, { session: null })
    expect(run(s, attach)).toBe("thread-not-found")
  })
})

describe("decide: anything", () => {
  const types: readonly CommandType[] = [
    "thread.rename",
    "thread.archive",
    "thread.unarchive",
    "thread.delete",
    "thread.keep-alive",
    "session.attach",
    "session.detach",
  ]
  it("is pure, and what it accepts the fold takes without an anomaly; deciding it again adds nothing", () => {
    const arbCommand = fc.record({
      type: fc.constantFrom(...types),
      sessionId: fc.constantFrom(id("session s1"), id("session s2")),
      title: fc.constantFrom("a", "b"),
      until: fc.constantFrom(null, 5),
    })
    fc.assert(
      fc.property(fc.array(arbCommand, { maxLength: 20 }), (commands) => {
        const s = new Scenario()
        for (const one of commands) {
          const command = { ...attach, ...one }
          const situation = { state: s.state, rows: s.rows, attempting: () => false, mint }
          expect(decide(situation, decode(command))).toEqual(decide(situation, decode(command)))
          const first = run(s, command)
          const again = run(s, command)
          expect(again === "" || again === first).toBe(true)
          if (again === first && first !== "") expect(first).toMatch(/^[a-z]+-[a-z-]+$/)
        }
        expect(s.reasons()).toEqual([])
        expect(checkLog(threadId, s.log)).toEqual([])
        expect(checkRows(threadId, s.rows.of(threadId))).toEqual([])
      }),
    )
  })

  it("takes no command that its schema refuses", () => {
    const refused = Schema.decodeUnknownEither(Command)
    for (const odd of [
      {},
      { ...attach, sessionId: "x" },
      { ...attach, leaseMs: 0 },
      { type: "thread.rename", threadId, title: "" },
    ]) {
      expect(Either.isLeft(refused(odd))).toBe(true)
    }
  })
})
