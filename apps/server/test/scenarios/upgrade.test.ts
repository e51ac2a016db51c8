/** docs/architecture.md on the built program: after an upgrade the server serves at once and folds the rest beside it. */
import { join } from "node:path"
import { ImportReport, VerifyReport } from "@threadfold/contracts"
import { FOLD_VERSION } from "@threadfold/core"
import { recordings } from "@threadfold/testkit"
import Sqlite from "better-sqlite3"
import { expect, it, vi } from "vitest"
import { document, temporary } from "../cli/program.js"
import { serve } from "../cli/server.js"

it("a server on rows of an older fold is ready, answers, and brings them up to date by itself", async () => {
  const directory = join(temporary(), "data")
  const where = ["--data-dir", directory]
  const files = recordings.slice(0, 6).map(({ path }) => path)
  await document(ImportReport, ["import", "codex-app-server", ...files, ...where])
  const before = await document(VerifyReport, ["verify", ...where])
  const database = new Sqlite(join(directory, "threadfold.db"))
  database.prepare("UPDATE fold_state SET fold_version = ?, state = '{}'").run(FOLD_VERSION - 1)
  database.prepare("UPDATE threads SET title = 'as an older version told it'").run()
  database.close()
  // The threads, and the streams of their connections.
  const aged = await document(VerifyReport, ["verify", ...where])
  expect(aged.stale.length).toBeGreaterThanOrEqual(before.threads)

  const server = await serve(directory)
  expect((await server.call("/v1/threads")).status).toBe(200)
  const reader = new Sqlite(join(directory, "threadfold.db"), { readonly: true })
  const stale = reader.prepare("SELECT count(*) AS n FROM fold_state WHERE fold_version <> ?")
  // The test's own time limit bounds it.
  await vi.waitFor(() => expect(stale.get(FOLD_VERSION)).toEqual({ n: 0 }), { timeout: 600_000 })
  reader.close()
  server.child.stdin?.end()
  expect(await server.ended).toBe(0)
  expect(await document(VerifyReport, ["verify", ...where])).toEqual(before)
})
