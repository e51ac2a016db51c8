import { describe, expect, it } from "vitest"
import { commanded, commandOf, send, started, types } from "../../test/submissions.js"
import { databases, FakeSource, id, submit } from "../../test/support.js"

const attach = (session: string) => ({
  type: "session.attach",
  sessionId: id(`session ${session}`),
  provider: "mine",
  leaseMs: 1000,
})

describe.each(databases)("commands in the writer %s", (_name, open) => {
  it("are decided against what the drafts before them have made of the thread", () => {
    const b = open()
    const x = new FakeSource("x")
    const [renamed, refused, ended, deleted] = b.writer.process([
      { ...submit(), command: commanded("attach", attach("x s1")) },
      { ...submit(), command: commanded("delete too early", { type: "thread.delete" }) },
      submit(x.draft("session.exited", { reason: "exit" })),
      { ...submit(), command: commanded("delete", { type: "thread.delete" }) },
    ])
    expect(renamed).toMatchObject({ ok: true, results: [{ status: "appended" }, { status: "appended" }] })
    expect(refused).toMatchObject({ ok: false, error: { _tag: "CommandRefused", reason: "thread-busy" } })
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

  it("a refusal does not roll back other submissions, and stores nothing of its own", () => {
    const b = open()
    const x = new FakeSource("x")
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
    expect(outcomes).toMatchObject([
      { ok: true },
      { ok: false, error: { _tag: "CommandRefused", reason: "thread-busy" } },
      { ok: true, results: [] },
    ])
    expect(b.driver.head()).toBe(2)
    b.close()
  })

  it("come before the drafts of their submission, and their results are separate", () => {
    const b = started(open)
    const x = new FakeSource("x")
    const [result] = b.writer.process([{ ...commandOf("send", send("a")), drafts: [x.start(), x.turn("t1")] }])
    expect(types(b)).toEqual(["thread.created", "turn.requested", "session.started", "turn.started"])
    expect(result).toMatchObject({ ok: true, head: 4, results: { length: 3 }, receipt: { sequence: 2 } })
    b.close()
  })

  it("hold only while their resource is as their sender saw it, after all earlier drafts", () => {
    const b = started(open)
    const at = (ifSequence: number, title: string) => {
      const { command, ...rest } = commandOf(title, { type: "thread.rename", title })
      return { ...rest, ...(command === undefined ? {} : { command: { ...command, ifSequence } }) }
    }
    const outcomes = b.writer.process([at(1, "A"), at(1, "B"), at(2, "C")])
    expect(outcomes).toMatchObject([
      { ok: true },
      { ok: false, error: { _tag: "CommandRefused", reason: "precondition-failed" } },
      { ok: true },
    ])
    b.close()
  })
})
