/** `threadfold fork` of the built program. */
import { join } from "node:path"
import { CheckReport, ImportReport, Receipt, ThreadSnapshot, VerifyReport } from "@threadfold/contracts"
import { recording } from "@threadfold/testkit"
import { expect, it } from "vitest"
import { document, problemOf, temporary, threadfold } from "./program.js"
import { serve } from "./server.js"

it("copies a thread up to a turn into one that can only be read", async () => {
  const directory = join(temporary(), "data")
  const place = ["--data-dir", directory]
  const imported = await document(ImportReport, [
    "import",
    "codex-app-server",
    recording("codex-revert").path,
    ...place,
  ])
  const from = imported.threads.reduce((a, b) => (a.events > b.events ? a : b)).threadId
  const alone = await threadfold(["fork", from, "--at", from, "--json", ...place])
  expect(alone.code).toBe(3)
  expect(problemOf(alone).type).toBe("urn:threadfold:problem:server-not-running")

  const server = await serve(directory)
  const origin = await document(ThreadSnapshot, ["thread", from, ...place])
  const turnId = origin.turns.find(({ status }) => status === "ended")?.turnId ?? ""
  const { threadId } = await document(Receipt, ["fork", from, "--at", turnId, ...place])
  const copy = await document(ThreadSnapshot, ["thread", threadId, ...place])
  expect(copy.thread).toMatchObject({ forkedFromThreadId: from, agent: null })
  expect(copy.turns.map(({ text }) => text)).toEqual(origin.turns.slice(0, copy.turns.length).map(({ text }) => text))
  expect(copy.turns.length).toBeGreaterThan(0)

  const sent = await threadfold(["send", "go on", "--thread", threadId, "--json", ...place])
  expect(sent.code).toBe(2)
  expect(problemOf(sent).type).toBe("urn:threadfold:problem:thread-read-only")
  server.child.stdin?.end()
  expect(await server.ended).toBe(0)
  expect(await document(VerifyReport, ["verify", "--bytes", ...place])).toMatchObject({ ok: true })
  expect(await document(CheckReport, ["check", ...place])).toEqual({ ok: true, violations: [] })
})
