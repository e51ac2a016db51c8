/** `why` and `whatif` of the built program, over a recording. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { ImportReport, ThreadSnapshot, WhyReport } from "@threadfold/contracts"
import { recording } from "@threadfold/testkit"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { document, type Ended, problemOf, temporary, threadfold } from "./program.js"

/** A data directory with one recording: its thread, and the arguments that name both. */
const imported = async () => {
  const directory = join(temporary(), "data")
  const file = recording("codex-02-approval-untrusted-accept").path
  const { threads } = await document(ImportReport, ["import", "codex-app-server", file, "--data-dir", directory])
  const [{ threadId } = { threadId: "" }] = threads
  return { directory, threadId, where: ["--data-dir", directory] }
}

const Different = Schema.Struct({
  first: Schema.NullOr(Schema.Struct({ sequence: Schema.Number })),
  rows: Schema.Array(Schema.Struct({ row: Schema.String, change: Schema.String })),
})
const different = (text: string) => Schema.decodeUnknownSync(Schema.parseJson(Different))(text)

/** The problem that a run ended with; on a busy machine lines of progress come before it. */
const refusalOf = (run: Ended) => problemOf({ ...run, stderr: run.stderr.trim().split("\n").at(-1) ?? "" })

describe("why and whatif", () => {
  it("name the event, the rule and the agent's line of a field, and what is without that event", async () => {
    const { directory, threadId, where } = await imported()
    const snapshot = await document(ThreadSnapshot, ["thread", threadId, ...where])
    const [request] = snapshot.requests
    const { event, row, causes } = await document(WhyReport, [
      "why",
      threadId,
      `requests/${request?.requestId}#status`,
      ...where,
    ])
    expect(event).toBeNull()
    expect(row).toMatchObject({
      value: "answered",
      setBy: { fields: [{ before: "open", after: "answered", rule: { number: 6 } }] },
    })
    expect(causes.map(({ kind }) => kind)).toContain("native")
    const page = await threadfold(["why", threadId, `requests/${request?.requestId}#status`, ...where])
    expect(page.stdout).toContain("rule 6, The request")

    const edits = join(directory, "edits.json")
    writeFileSync(edits, JSON.stringify([{ op: "drop", sequence: row?.setBy.event.sequence }]))
    const { code, stdout } = await threadfold(["whatif", threadId, "--edits", edits, ...where, "--json"])
    expect(code).toBe(0)
    const result = different(stdout)
    expect(result.first?.sequence).toBe(row?.setBy.event.sequence)
    expect(result.rows.map((one) => one.row)).toContain(`requests/${request?.requestId}`)
    // The log is only read.
    expect(await document(ThreadSnapshot, ["thread", threadId, ...where])).toEqual(snapshot)
  })

  it("compare with another build of the fold, and tell of an event what it did", async () => {
    const { directory, threadId, where } = await imported()
    const module = join(directory, "fold.mjs")
    writeFileSync(module, "export const FOLD_VERSION = 99\nexport const fold = (state) => ({ state, changes: [] })\n")
    const { stdout } = await threadfold(["whatif", threadId, "--fold", module, ...where, "--json"])
    expect(different(stdout).rows).toMatchObject([{ row: "thread", change: "removed" }])
    writeFileSync(module, "export const other = 1\n")
    const refused = await threadfold(["whatif", threadId, "--fold", module, ...where, "--json"])
    expect([refused.code, refusalOf(refused).detail]).toEqual([
      2,
      expect.stringContaining("exports no function `fold`"),
    ])

    const made = await document(WhyReport, ["why", threadId, "thread", ...where])
    const eventId = made.row?.setBy.event.eventId ?? ""
    const { event, row } = await document(WhyReport, ["why", threadId, "--event", eventId, ...where])
    expect(row).toBeNull()
    expect(event?.event.eventId).toBe(eventId)
    expect(event?.changed.map((one) => one.row)).toContain("thread")
  })

  it("refuse a path and edits with what is wrong, and where", async () => {
    const { directory, threadId, where } = await imported()
    const path = await threadfold(["why", threadId, "turns/ffff#outcome", ...where, "--json"])
    expect([path.code, refusalOf(path).detail]).toEqual([
      2,
      expect.stringContaining("There is no row turns/ffff; there are turns/"),
    ])
    const edits = join(directory, "edits.json")
    writeFileSync(edits, JSON.stringify([{ op: "drop", sequence: 1_000_000 }]))
    const bad = await threadfold(["whatif", threadId, "--edits", edits, ...where, "--json"])
    expect([bad.code, refusalOf(bad).detail]).toEqual([
      2,
      "edit 0, sequence: the thread has no event of sequence 1000000.",
    ])
  })
})
