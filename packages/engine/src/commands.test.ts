import { Command } from "@threadfold/contracts"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { databases, id, Speaker, submit, t0 } from "../test/support.js"
import type { CommandSubmission } from "./Submission.js"

const decode = Schema.decodeUnknownSync(Command)
const commanded = (name: string, command: object, key?: string): CommandSubmission => ({
  commandId: id(`command ${name}`),
  to: { streamId: id("thread x"), ...(key === undefined ? {} : { key }) },
  command: decode({ threadId: id("thread x"), ...command }),
  at: t0,
})
const attach = (session: string) => ({
  type: "session.attach",
  sessionId: id(`session ${session}`),
  provider: "mine",
  leaseMs: 1000,
})

describe.each(databases)("commands in the writer %s", (_name, open) => {
  it("are decided against what the members before them have made of the thread", () => {
    const b = open()
    const x = new Speaker("x")
    const [renamed, refused, ended, deleted] = b.writer.process([
      { ...submit(), command: commanded("attach", attach("x s1")) },
      { ...submit(), command: commanded("delete too early", { type: "thread.delete" }) },
      submit(x.say("session.exited", { reason: "exit" })),
      { ...submit(), command: commanded("delete", { type: "thread.delete" }) },
    ])
    expect(renamed).toMatchObject({ ok: true, results: [{ status: "appended" }, { status: "appended" }] })
    expect(refused).toMatchObject({ ok: false, slug: "thread-busy" })
    expect(ended).toMatchObject({ ok: true })
    expect(deleted).toMatchObject({ ok: true, head: 4 })
    expect(b.driver.read({ limit: 9 }).map(({ actor, commandId, type }) => [type, actor, commandId])).toEqual([
      ["thread.created", "client", id("command attach")],
      ["session.started", "client", id("command attach")],
      ["session.exited", "provider", null],
      ["thread.deleted", "client", id("command delete")],
    ])
    b.close()
  })

  it("a refusal rolls back nobody, and stores nothing of its own submission", () => {
    const b = open()
    const x = new Speaker("x")
    const outcomes = b.writer.process([
      submit(x.start()),
      { ...submit(x.turn("t1")), meta: { k: "v" }, command: commanded("no", { type: "thread.delete" }) },
      submit(x.turn("t2")),
    ])
    expect(outcomes.map((outcome) => outcome.ok)).toEqual([true, false, true])
    expect(b.driver.getMeta("k")).toBeNull()
    expect(b.driver.read({ limit: 9 }).map(({ type }) => type)).toEqual(["session.started", "turn.started"])
    b.close()
  })

  it("of two that want one thread the first wins, and a repeat changes nothing", () => {
    const b = open()
    const outcomes = b.writer.process([
      { ...submit(), command: commanded("a", attach("one"), "attached:mine|n1") },
      { ...submit(), command: commanded("b", attach("two"), "attached:mine|n1") },
      { ...submit(), command: commanded("a again", attach("one"), "attached:mine|n1") },
    ])
    expect(outcomes).toMatchObject([{ ok: true }, { ok: false, slug: "thread-busy" }, { ok: true, results: [] }])
    expect(b.driver.head()).toBe(2)
    b.close()
  })
})
