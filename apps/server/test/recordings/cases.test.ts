/** Small wires that came out wrong once, each the least that shows its fault. */
import { readFileSync } from "node:fs"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Library } from "./Library.js"

let library: Library
beforeEach(() => {
  library = new Library()
})
afterEach(() => library.close())

const fixture = (name: string): string =>
  readFileSync(new URL(`../../../../packages/testkit/fixtures/cases/${name}.jsonl`, import.meta.url), "utf8")

/** The one thread of a wire, as it is stored. */
const imported = async (name: string, leaveOpen: boolean) => {
  await library.import([library.write(fixture(name))], { leaveOpen })
  expect(library.check()).toEqual({ ok: true, violations: [] })
  expect(library.verify()).toMatchObject({ ok: true, differences: [] })
  const [thread] = library.threads()
  if (thread === undefined) throw new Error("no thread was imported")
  // Lists leave out the turns whose message went into another one.
  const turns = library.bothStores().flatMap(({ sql }) => sql.flatMap(({ row }) => ("handedOver" in row ? [row] : [])))
  return { ...thread, turns: turns.sort((a, b) => a.ordinal - b.ordinal) }
}

describe.each([true, false])("left open: %s", (leaveOpen) => {
  it("phantom-turn-id: the echo of the client's id says which turn the message went into", async () => {
    const { anomalies, session, thread, turns } = await imported("phantom-turn-id", leaveOpen)
    expect(turns).toMatchObject([
      { nativeTurnId: "019f0000-0000-7000-8000-00000000b001", outcome: "completed" },
      { outcome: "cancelled", cause: "steered", evidence: "observed", steeredInto: turns[0]?.turnId },
    ])
    expect([thread.status, session?.pendingTurnId]).toEqual([leaveOpen ? "idle" : "stopped", null])
    expect(anomalies).toEqual([])
  })
})

it("split-surrogate-pair: a pair that two pieces share is whole again", async () => {
  const { items } = await imported("split-surrogate-pair", false)
  expect(items).toMatchObject([{ kind: "agent_message", text: "smile 😀 ok", status: "interrupted" }])
})

it("review-start-error-only: a review that fails at its start is a turn that failed", async () => {
  const { turns } = await imported("review-start-error-only", false)
  expect(turns).toMatchObject([
    {
      nativeTurnId: "019f0000-0000-7000-8000-00000000b002",
      outcome: "failed",
      error: { message: "not a git repository" },
      text: "review: baseBranch main",
    },
  ])
})
