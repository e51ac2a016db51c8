/** What a bundle says of a thread that was purged: nothing, neither in what its connection said before the thread had an id. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { ExportReport, ImportReport } from "@threadfold/contracts"
import { recording } from "@threadfold/testkit"
import { Schema } from "effect"
import { expect, it } from "vitest"
import { document, problemOf, temporary, threadfold } from "./program.js"
import { serveHere } from "./server.js"

const folder = "/home/MARKER-6c0d4e/project"
const recorded = "/workspace"

const Purge = Schema.Struct({ status: Schema.String })

it("has not the folder of a purged thread, whose connection named it, in the whole log or in another thread", async () => {
  const parent = temporary()
  const directory = join(parent, "data")
  // The same recording with a folder that nothing else names, and another one.
  const own = join(parent, "own.jsonl")
  writeFileSync(own, readFileSync(recording("codex-01-plain").path, "utf8").replaceAll(recorded, folder))
  const where = ["--data-dir", directory]
  const gone = await document(ImportReport, ["import", "codex-app-server", own, ...where])
  const other = recording("codex-40-realtime-base").path
  const kept = await document(ImportReport, ["import", "codex-app-server", other, ...where])
  const [goneId = "", keptId = ""] = [gone, kept].map(({ threads }) => threads[0]?.threadId)

  const bundle = async (name: string, ...args: readonly string[]): Promise<string> => {
    const file = join(parent, name)
    await document(ExportReport, ["export", file, "--redact", "none", ...args, ...where])
    return gunzipSync(readFileSync(file)).toString()
  }
  const before = await bundle("before.bundle")
  const streamOf = (text: string, line: string) => {
    const lines = text.slice(0, text.indexOf(line)).split("\n")
    return lines.findLast((one) => one.startsWith('{"stream":'))
  }
  // The connection names it first, and the thread does.
  const naming = new Set(
    before
      .split("\n")
      .filter((line) => line.includes(folder))
      .map((line) => streamOf(before, line)),
  )
  expect(naming.size).toBe(2)

  const server = await serveHere(directory)
  const call = async (method: string) => {
    const answer = await server.call(`/v1/threads/${goneId}/purge`, { method })
    return Schema.decodeUnknownSync(Purge)(await answer.json())
  }
  let { status } = await call("POST")
  while (status !== "finished") status = (await call("GET")).status
  await server.stop()
  const refused = await threadfold([
    "export",
    join(parent, "gone.bundle"),
    "--thread",
    goneId,
    "--redact",
    "none",
    "--json",
    ...where,
  ])
  expect([refused.code, problemOf(refused).type]).toEqual([2, "urn:threadfold:problem:thread-purged"])

  for (const text of [await bundle("whole.bundle"), await bundle("kept.bundle", "--thread", keptId)]) {
    expect(text).toContain(keptId)
    expect([folder, goneId].filter((words) => text.includes(words))).toEqual([])
  }
})
