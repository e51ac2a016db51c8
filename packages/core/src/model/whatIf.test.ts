/** Edited logs: what they lead to, what happens to numbers and ids, and what is refused before any work. */
import type { EventEnvelope } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { digest, id, Scenario } from "../../test/Scenario.js"
import type { Fold } from "../Change.js"
import { fold, foldBy } from "../fold/fold.js"
import { rules } from "../fold/rules.js"
import { areBad, type BadEdit, decodeEdits, editLimit } from "./edits.js"
import { type WhatIf, type WhatIfOptions, whatIf } from "./whatIf.js"

const threadId = id("thread")
const t1 = { native: { turnId: "t1" } }

/** Numbered as a source does it: a turn with two items, and its end. */
const story = (): Scenario =>
  new Scenario(threadId)
    .send("session.started", { provider: "codex", mode: "managed" })
    .send("turn.started", {}, t1)
    .send("item.started", { kind: "agent_message" }, { native: { turnId: "t1", itemId: "a" } })
    .send(
      "item.completed",
      { kind: "agent_message", status: "completed", text: "One" },
      { native: { turnId: "t1", itemId: "a" } },
    )
    .send("turn.completed", { outcome: "failed" }, t1)

const { log } = story()
const turnId = log[1]?.turnId ?? ""

const refused = (edits: unknown, events: readonly EventEnvelope[] = log): readonly BadEdit[] => {
  const decoded = decodeEdits(edits)
  if (areBad(decoded)) return decoded.bad
  const result = whatIf(threadId, () => events, decoded.edits, { digest })
  return result !== null && areBad(result) ? result.bad : []
}

const ask = (edits: unknown, options: Partial<WhatIfOptions> = {}): WhatIf => {
  const decoded = decodeEdits(edits)
  if (areBad(decoded)) throw new Error(JSON.stringify(decoded.bad))
  const result = whatIf(threadId, () => log, decoded.edits, { digest, ...options })
  if (result === null || areBad(result)) throw new Error(JSON.stringify(result))
  return result
}

const changed = ({ rows }: WhatIf, row: string): Readonly<Record<string, unknown>> =>
  Object.fromEntries(rows.find((one) => one.row === row)?.fields.map(({ after, field }) => [field, after]) ?? [])

describe("what if", () => {
  it("nothing is edited: nothing differs", () => {
    expect(ask([])).toMatchObject({ threadId, until: 5, first: null, rows: [], patch: [] })
  })

  it("an event had not come", () => {
    const result = ask([{ op: "drop", sequence: 5 }])
    expect(result.first).toMatchObject({ sequence: 5, recorded: { type: "turn.completed" }, edited: null })
    expect(changed(result, `turns/${turnId}`)).toMatchObject({ status: "running", outcome: null })
    expect(changed(result, "thread")).toMatchObject({ status: "working", activeTurnId: turnId })
    // What the source numbered after it moves up: the gap would be one of the edit, not of the agent.
    expect(ask([{ op: "drop", sequence: 3 }]).rows.filter(({ row }) => row.startsWith("anomalies/"))).toEqual([])
  })

  it("a payload had other fields", () => {
    const result = ask([{ op: "replace", sequence: 5, payload: { outcome: "completed" } }])
    expect(changed(result, `turns/${turnId}`)).toEqual({ outcome: "completed" })
    expect(result.patch).toContainEqual({ op: "replace", path: "/turns/0/outcome", value: "completed" })
  })

  it("one more event had come, with ids that are the same every time", () => {
    const draft = { type: "item.started", native: { turnId: "t1", itemId: "b" }, payload: { kind: "command" } }
    const edits = [{ op: "insert", after: 4, event: draft }]
    const result = ask(edits)
    expect(result.first?.sequence).toBe(4.5)
    const added = result.rows.filter(({ change }) => change === "added")
    expect(added).toHaveLength(1)
    // It names the turn by the agent's id, as an event of the agent does, and the turn's end closes it.
    expect(changed(result, added[0]?.row ?? "")).toMatchObject({ turnId, status: "interrupted", kind: "command" })
    expect(ask(edits)).toEqual(result)
    const given = id("given")
    const named = ask([{ op: "insert", after: 4, event: { ...draft, itemId: given } }])
    expect(named.rows.map(({ row }) => row)).toContain(`items/${given}`)
  })

  it("an event had come elsewhere, or later", () => {
    const moved = ask([{ op: "reorder", sequence: 5, after: 3 }])
    expect(moved.first).toMatchObject({ sequence: 3.5, recorded: null, edited: { type: "turn.completed" } })
    // The item's own end comes after its turn's: it replaces what the turn's end concluded.
    expect(moved.rows.map(({ row }) => row).filter((row) => row.startsWith("anomalies/"))).toEqual([])
    const late = ask([{ op: "delay", sequence: 5, ms: 60_000 }])
    const endedAt = (log[4]?.at ?? 0) + 60_000
    expect(changed(late, `turns/${turnId}`)).toEqual({ endedAt })
    const lateAndFirst = ask([{ op: "delay", sequence: 4, ms: 1000, after: 5 }])
    expect(lateAndFirst.first?.sequence).toBe(4)
  })

  it("another build of the fold had folded it", () => {
    const faulty: Fold = foldBy({ ...rules, "turn.completed": () => true })
    const result = ask([], { fold: faulty })
    expect(result.first).toMatchObject({ sequence: 5, recorded: { sequence: 5 }, edited: { sequence: 5 } })
    expect(changed(result, `turns/${turnId}`)).toMatchObject({ status: "running" })
    expect(ask([], { fold }).first).toBeNull()
  })

  it("ends where it is told, and leaves no thread where no event is left", () => {
    expect(ask([{ op: "drop", sequence: 5 }], { until: 4 }).rows).toEqual([])
    const none = ask([{ op: "drop", sequence: 1 }], { until: 1 })
    expect(none.rows).toMatchObject([{ row: "thread", change: "removed" }])
  })
})

describe("edits", () => {
  it.each([
    [{}, null, ""],
    [[{ op: "drop" }], 0, "sequence"],
    [[{ op: "dorp", sequence: 1 }], 0, "op"],
    [[{ sequence: 1 }], 0, "op"],
    [
      [
        { op: "drop", sequence: 2 },
        { op: "drop", sequence: 2.5 },
      ],
      1,
      "sequence",
    ],
    [[{ op: "drop", sequence: 2, more: 1 }], 0, "more"],
    [[{ op: "drop", sequence: 9 }], 0, "sequence"],
    [
      [
        { op: "drop", sequence: 2 },
        { op: "drop", sequence: 2 },
      ],
      1,
      "sequence",
    ],
    [
      [
        { op: "drop", sequence: 2 },
        { op: "reorder", sequence: 3, after: 2 },
      ],
      1,
      "after",
    ],
    [
      [
        { op: "drop", sequence: 2 },
        { op: "delay", sequence: 2, ms: 1 },
      ],
      1,
      "sequence",
    ],
    [
      [
        { op: "reorder", sequence: 2, after: 3 },
        { op: "reorder", sequence: 4, after: 2 },
      ],
      1,
      "after",
    ],
    [[{ op: "replace", sequence: 5, payload: { outcome: "good" } }], 0, "payload.outcome"],
    [[{ op: "replace", sequence: 5, payload: ["good"] }], 0, "payload"],
    [
      [{ op: "insert", after: 1, event: { type: "turn.completed", payload: { outcome: "good" } } }],
      0,
      "event.payload.outcome",
    ],
    [[{ op: "insert", after: 1, event: { type: "turn.started", native: { turnId: 7 } } }], 0, "event.native.turnId"],
    [[{ op: "insert", after: 77, event: { type: "turn.started" } }], 0, "after"],
  ])("%j is refused at its place", (edits, index, field) => {
    expect(refused(edits)[0]).toMatchObject({ index, field })
  })

  it("are bounded, and an unknown type may be inserted: it is kept and changes nothing", () => {
    expect(refused(Array.from({ length: editLimit + 1 }, () => ({ op: "drop", sequence: 1 })))[0]?.index).toBeNull()
    const result = ask([{ op: "insert", after: 0, event: { type: "not.known", at: 1 } }])
    expect(result.rows.map(({ row }) => row)).toContain("anomalies/type:not.known/unknown-type")
  })
})
