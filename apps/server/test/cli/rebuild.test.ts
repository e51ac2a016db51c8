/** `verify` and `rebuild` through a live server, and a rebuild whose server is killed. */
import { join } from "node:path"
import { ImportReport, RebuildReport, VerifyReport } from "@threadfold/contracts"
import { RebuildView } from "@threadfold/contracts/api"
import { recording } from "@threadfold/testkit"
import Sqlite from "better-sqlite3"
import { Schema } from "effect"
import { expect, it } from "vitest"
import { document, problemOf, temporary, threadfold } from "./program.js"
import { serve } from "./server.js"

/** Plants what a broken fold would have left. */
const plant = (directory: string): void => {
  const handle = new Sqlite(join(directory, "threadfold.db"))
  handle.exec("UPDATE turns SET cause = 'planted'")
  handle.close()
}

it("go through the server that owns the directory, for all threads, one, or one table", {
  timeout: 600_000,
}, async () => {
  const directory = join(temporary(), "data")
  const where = ["--data-dir", directory]
  for (const name of ["codex-01-plain", "codex-02-approval-untrusted-accept"] as const) {
    await document(ImportReport, ["import", "codex-app-server", recording(name).path, ...where])
  }
  const clean = await document(VerifyReport, ["verify", ...where])
  plant(directory)
  const server = await serve(directory)
  const found = await threadfold(["verify", ...where, "--json"])
  expect(found.code).toBe(1)
  const report = Schema.decodeUnknownSync(Schema.parseJson(VerifyReport))(found.stdout)
  const [difference] = report.differences
  expect(difference?.table).toBe("turns")
  const thread = difference?.threadId ?? ""
  expect((await threadfold(["verify", thread.slice(0, 20), ...where])).code).toBe(1)
  const other = await document(RebuildReport, ["rebuild", "--projection", "items", ...where])
  expect(other).toMatchObject({ ok: true, changed: 0, rows: 0 })
  const one = await document(RebuildReport, ["rebuild", thread, ...where])
  expect(one).toMatchObject({ ok: true, streams: 1, changed: 1 })
  await document(RebuildReport, ["rebuild", ...where])
  expect((await document(VerifyReport, ["verify", ...where])).hash).toBe(clean.hash)
  const view = await (await server.call("/v1/projections/rebuild")).text()
  expect(Schema.decodeUnknownSync(Schema.parseJson(RebuildView))(view).state).toBe("completed")
  const cancelled = await threadfold(["rebuild", "--cancel", ...where, "--json"])
  expect([cancelled.code, problemOf(cancelled).type]).toEqual([1, "urn:threadfold:problem:job-not-found"])
  expect(problemOf(cancelled).detail).toMatch(/runs no rebuild; the last one is completed/)
  // What a killed server has noted is shown by the next one, and the same command alone goes on with it.
  server.child.kill("SIGKILL")
  await server.ended
  const handle = new Sqlite(join(directory, "threadfold.db"))
  const { foldVersion } = Schema.decodeUnknownSync(Schema.Struct({ foldVersion: Schema.Number }))(
    handle.prepare("SELECT fold_version AS foldVersion FROM fold_state LIMIT 1").get(),
  )
  const point = { foldVersion, after: thread, table: null, streams: 3, events: 30 }
  handle.prepare("INSERT INTO projection_meta (key, value) VALUES ('rebuild', ?)").run(JSON.stringify(point))
  handle.close()
  const next = await serve(directory)
  const left = Schema.decodeUnknownSync(Schema.parseJson(RebuildView))(
    await (await next.call("/v1/projections/rebuild")).text(),
  )
  expect(left).toMatchObject({ state: "interrupted", streams: 3, events: 30, report: null })
  const resumed = await document(RebuildReport, ["rebuild", "--resume", ...where])
  expect(resumed.ok).toBe(true)
  expect(resumed.streams).toBeGreaterThanOrEqual(3)
  const wrong = await threadfold(["rebuild", "--thread", "nothing", ...where, "--json"])
  expect([wrong.code, problemOf(wrong).type]).toEqual([2, "urn:threadfold:problem:thread-not-found"])
  const both = await threadfold(["rebuild", "--resume", "--thread", thread, ...where])
  expect(both.code).toBe(2)
})
