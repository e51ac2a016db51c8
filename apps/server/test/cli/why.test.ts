/** `why`, `whatif` and `explain`, over a recording. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ExplainReport, ImportReport, ThreadSnapshot, WhyReport } from "@threadfold/contracts"
import { recording } from "@threadfold/testkit"
import { Schema } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { document, type Ended, problemOf, temporary, threadfold } from "./program.js"
import { serveHere } from "./server.js"

/** A data directory with one recording. Nothing here writes to it, so the tests share it. */
const home = mkdtempSync(join(tmpdir(), "threadfold-why-"))
const directory = join(home, "data")
afterAll(() => rmSync(home, { recursive: true, force: true }))
let made: Promise<ImportReport> | undefined

/** Its thread, and the arguments that name the directory. */
const imported = async () => {
  const file = recording("codex-02-approval-untrusted-accept").path
  made ??= document(ImportReport, ["import", "codex-app-server", file, "--data-dir", directory])
  const [{ threadId } = { threadId: "" }] = (await made).threads
  return { directory: temporary(), threadId, where: ["--data-dir", directory] }
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
    const without = join(directory, "without.mjs")
    writeFileSync(without, "export const other = 1\n")
    const refused = await threadfold(["whatif", threadId, "--fold", without, ...where, "--json"])
    expect([refused.code, refusalOf(refused).detail]).toEqual([
      2,
      expect.stringContaining("exports no function of the name fold"),
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

describe("explain", () => {
  it("says what a thread does, offline and by a server, which answers why, too", async () => {
    const { threadId, where } = await imported()
    const report = await document(ExplainReport, ["explain", threadId, ...where])
    expect(report).toMatchObject({ threadId, status: "stopped", policy: "the defaults" })
    expect(report.facts.map(({ fact }) => fact)).toEqual(expect.arrayContaining(["session-ended", "imported"]))
    const page = await threadfold(["explain", threadId, ...where])
    expect(page.stdout).toContain("It is a recording: no agent of ours works in it.")

    // A server writes to its directory: it gets a copy.
    const own = join(temporary(), "data")
    cpSync(directory, own, { recursive: true })
    const server = await serveHere(own)
    const read = async <A, I>(schema: Schema.Schema<A, I>, path: string): Promise<A> =>
      Schema.decodeUnknownPromise(schema, { onExcessProperty: "error" })(
        await (await server.call(`/v1/threads/${threadId}/${path}`)).json(),
      )
    const served = await document(ExplainReport, ["explain", threadId, "--data-dir", own])
    expect(served).toMatchObject({ policy: "the server", facts: report.facts })
    const { row } = await read(WhyReport, "why?row=thread&field=status")
    expect(row).toMatchObject({ path: "thread#status", value: "stopped", setBy: { event: { type: "session.exited" } } })
    const { row: before } = await read(
      WhyReport,
      `why?row=thread&field=status&at=${(row?.setBy.event.sequence ?? 0) - 1}`,
    )
    expect(before?.value).not.toBe("stopped")
    expect((await server.call(`/v1/threads/${threadId}/why`)).status).toBe(400)
    expect((await server.call(`/v1/threads/${threadId}/why?row=turns/ffff`)).status).toBe(404)
  })
})
