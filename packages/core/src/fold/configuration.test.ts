/** What a client chooses for a thread's agent, and what is left of it where the agent does not take it. */
import { describe, expect, it } from "vitest"
import { Scenario } from "../../test/Scenario.js"

const ours = { session: null, actor: "orchestrator" } as const
const row = (s: Scenario) => s.rows.all("threads")[0]

/** A thread with these settings, and a session that has said nothing of its configuration. */
const created = (settings?: object, model?: string) =>
  new Scenario().sendRaw("thread.created", { provider: "codex", agent: "mine", model, settings }, ours).start()
const chooses = (s: Scenario, chosen: object, settings: object = {}) =>
  s.sendRaw("session.configure-requested", { chosen, settings }, ours)
const fails = (s: Scenario, chosen: object, settings: object, before: object) =>
  s.sendRaw(
    "session.configure-failed",
    { chosen, settings, message: "no", before: { model: null, settings: null, ...before } },
    ours,
  )

describe("what a client chooses", () => {
  it("joins what was chosen before: the last choice of a kind counts, and null is none", () => {
    const s = chooses(created(undefined, "m0"), { effort: "high", mode: null })
    expect(row(s)).toMatchObject({ model: "m0", chosen: { effort: "high" } })
    chooses(s, { model: "m1", effort: "low" })
    expect(row(s)).toMatchObject({ model: "m1", chosen: { model: "m1", effort: "low" } })
  })

  it("joins the settings of the thread, which stay where it brings none", () => {
    const s = chooses(created({ a: 1, b: 1 }), { effort: "high" })
    expect(row(s)?.settings).toEqual({ a: 1, b: 1 })
    expect(row(chooses(s, { effort: "low" }, { b: 2, c: 3 }))?.settings).toEqual({ a: 1, b: 2, c: 3 })
    expect(row(chooses(created(), { effort: "low" }, { c: 3 }))?.settings).toEqual({ c: 3 })
  })
})

describe("a choice that the agent does not take", () => {
  it("leaves the model that the thread had before, unless another one was chosen meanwhile", () => {
    const s = chooses(created(undefined, "m0"), { model: "none" })
    expect(row(fails(s, { model: "none" }, {}, { model: "m0" }))).toMatchObject({ model: "m0", chosen: null })
    const meanwhile = chooses(chooses(created(undefined, "m0"), { model: "none" }), { model: "m1" })
    expect(row(fails(meanwhile, { model: "none" }, {}, { model: "m0" }))).toMatchObject({
      model: "m1",
      chosen: { model: "m1" },
    })
    const other = chooses(created(undefined, "m0"), { effort: "none" })
    expect(row(fails(other, { effort: "none" }, {}, { model: "earlier" }))).toMatchObject({ model: "m0", chosen: null })
    // A thread without a model has not chosen the one that no choice names.
    expect(row(fails(created(), { model: null }, {}, { model: "m0" }))?.model).toBeNull()
  })

  it("leaves the choice that the session has taken", () => {
    const s = chooses(created(), { effort: "high", mode: "plan" })
    s.send("session.configured", { chosen: { effort: "high" } }, { session: null })
    chooses(s, { effort: "none", mode: "none", sandbox: "strict" })
    fails(s, { effort: "none", mode: "none" }, {}, {})
    expect(row(s)?.chosen).toStrictEqual({ effort: "high", sandbox: "strict" })
    // Without a session nothing was taken.
    const gone = chooses(new Scenario().sendRaw("thread.created", { provider: "codex", agent: "mine" }, ours), {
      effort: "none",
    })
    expect(row(fails(gone, { effort: "none" }, {}, {}))?.chosen).toBeNull()
  })

  it("leaves the settings as they were before, but for what was set anew meanwhile", () => {
    const s = chooses(created({ a: { deep: 1 }, b: 1 }), {}, { a: { deep: 2 }, c: { x: 1, y: 2 }, d: 1 })
    chooses(s, {}, { d: 2 })
    fails(s, {}, { a: { deep: 2 }, c: { y: 2, x: 1 }, d: 1 }, { settings: { a: { deep: 1 }, b: 1 } })
    expect(row(s)?.settings).toEqual({ a: { deep: 1 }, b: 1, d: 2 })
    expect(row(fails(s, { effort: "none" }, {}, { settings: { z: 1 } }))?.settings).toEqual({
      a: { deep: 1 },
      b: 1,
      d: 2,
    })
    const none = chooses(created(), {}, { a: 1 })
    expect(row(fails(none, {}, { a: 1 }, {}))?.settings).toBeNull()
    expect(row(fails(created(), {}, { a: 1 }, { settings: { b: 1 } }))?.settings).toBeNull()
  })

  it("leaves nothing of what every object has, whatever a setting is called", () => {
    const s = chooses(created(), {}, { constructor: 1, toString: "x", kept: true })
    fails(s, {}, { constructor: 1, toString: "x" }, { settings: {} })
    expect(row(s)?.settings).toEqual({ kept: true })
  })
})
