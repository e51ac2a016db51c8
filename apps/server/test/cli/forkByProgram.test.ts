/** `threadfold fork` of the built program. */
import { join } from "node:path"
import { CheckReport, EventEnvelope, ImportReport, Receipt, ThreadSnapshot, VerifyReport } from "@threadfold/contracts"
import { recording } from "@threadfold/testkit"
import { Schema } from "effect"
import { expect, it } from "vitest"
import { document, problemOf, temporary, threadfold } from "./program.js"
import { serve } from "./server.js"

const decodeEvent = Schema.decodeUnknownSync(Schema.parseJson(EventEnvelope))

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

  // A turn is named by an event of it, too; one of another thread is not taken.
  const [event] = (await threadfold(["events", from, "--type", "turn.started", "--json", ...place])).stdout.split("\n")
  const { eventId, sequence } = decodeEvent(event ?? "")
  for (const at of [String(sequence), eventId]) {
    const again = await document(Receipt, ["fork", "--thread", from, "--at", at, ...place])
    const { turns } = await document(ThreadSnapshot, ["thread", again.threadId, ...place])
    expect(turns.map(({ text }) => text)).toEqual(origin.turns.slice(0, 1).map(({ text }) => text))
  }
  const elsewhere = await threadfold(["fork", threadId, "--at", String(sequence), "--json", ...place])
  expect([elsewhere.code, problemOf(elsewhere).type]).toEqual([2, "urn:threadfold:problem:event-not-found"])

  const sent = await threadfold(["send", "go on", "--thread", threadId, "--json", ...place])
  expect(sent.code).toBe(2)
  expect(problemOf(sent).type).toBe("urn:threadfold:problem:thread-read-only")
  server.child.stdin?.end()
  expect(await server.ended).toBe(0)
  expect(await document(VerifyReport, ["verify", "--bytes", ...place])).toMatchObject({ ok: true })
  expect(await document(CheckReport, ["check", ...place])).toEqual({ ok: true, violations: [] })
})
