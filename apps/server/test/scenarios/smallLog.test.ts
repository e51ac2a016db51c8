/**
 * A log that is kept small while it is used: threads that have rested go into bundles, a deleted one is purged, a reader holds the
 * database open meanwhile, and the server is killed in the middle. What stays is as it was; what went is in no file of the directory.
 */
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { CheckReport, ImportReport, Receipt, RetainReport, VerifyReport } from "@threadfold/contracts"
import { PurgeView, ThreadPage } from "@threadfold/contracts/api"
import { ProblemDetails } from "@threadfold/contracts/problem"
import Sqlite from "better-sqlite3"
import { Schema } from "effect"
import { expect, it } from "vitest"
import { document, temporary, threadfold } from "../cli/program.js"
import { attach, push, type RunningServer, serve } from "../cli/server.js"

const sessionOf = (n: number): string => `01990000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`
const marker = (n: number): string => `WORDS-OF-${n}-7f3a9c51`

/** A turn with a long output. */
const events = (n: number): readonly object[] => {
  const native = { turnId: "turn" }
  const item = { ...native, itemId: "item" }
  const text = `${marker(n)} `.repeat(20_000)
  return [
    { type: "thread.metadata.updated", payload: { title: marker(n) } },
    { type: "turn.started", payload: { text: marker(n) }, native },
    { type: "item.started", payload: { kind: "command", title: marker(n) }, native: item },
    {
      type: "item.completed",
      payload: { kind: "command", status: "completed", text, data: { command: marker(n), exitCode: 0 } },
      native: item,
    },
    { type: "turn.completed", payload: { outcome: "completed" }, native },
  ].map((event, index) => ({ ...event, channel: "adapter:test", seq: index + 1, at: 1_700_000_000_000 + index }))
}

const get = async <A, I>(server: RunningServer, schema: Schema.Schema<A, I>, path: string, init?: RequestInit) =>
  Schema.decodeUnknownSync(Schema.parseJson(schema))(await (await server.call(path, init)).text())

const slugOf = async (server: RunningServer, path: string, init: RequestInit): Promise<string> =>
  (await get(server, ProblemDetails, path, init)).type.replace("urn:threadfold:problem:", "")

const Titles = Schema.Struct({
  items: Schema.Array(Schema.Struct({ threadId: Schema.String, title: Schema.NullOr(Schema.String) })),
})
const threadIds = async (server: RunningServer): Promise<ReadonlyMap<string | null, string>> => {
  const { items } = await get(server, Titles, "/v1/threads?limit=50")
  return new Map(items.map(({ threadId, title }) => [title, threadId]))
}

const filesWith = (directory: string, text: string): readonly string[] =>
  readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(directory, name)).isFile())
    .filter((name) => readFileSync(join(directory, name)).includes(text))

const purgedWholly = async (server: RunningServer, threadId: string): Promise<void> => {
  for (;;) {
    const { status } = await get(server, PurgeView, `/v1/threads/${threadId}/purge`)
    if (status === "finished") return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

it("keeps what is used, and gives back what has gone", async () => {
  const [directory, archive] = [join(temporary(), "data"), temporary()]
  const file = join(directory, "threadfold.db")
  let server = await serve(directory)
  const [deleted, rested, living] = [1, 2, 3]
  for (const n of [deleted, rested, living]) {
    await attach(server, sessionOf(n), `native-${n}`)
    await push(server, sessionOf(n), events(n))
  }
  const ids = await threadIds(server)
  const idOf = (n: number): string => ids.get(marker(n)) ?? ""
  for (const n of [deleted, rested]) await server.call(`/v1/sessions/${sessionOf(n)}`, { method: "DELETE" })
  const pageOf = (threadId: string) => get(server, ThreadPage, `/v1/threads/${threadId}`)
  const before = await pageOf(idOf(living))

  // It is deleted; a retry gets the same receipt.
  const remove = { method: "DELETE", headers: { "idempotency-key": "delete it" } }
  const receipt = await get(server, Receipt, `/v1/threads/${idOf(deleted)}`, remove)
  expect(await get(server, Receipt, `/v1/threads/${idOf(deleted)}`, remove)).toEqual(receipt)

  // A reader holds the database open; its thread is purged meanwhile, and the server is killed before that can end.
  const reader = new Sqlite(file, { readonly: true })
  reader.exec("BEGIN")
  reader.prepare("SELECT count(*) FROM events").get()
  const sizeBefore = statSync(file).size + statSync(`${file}-wal`).size
  const begun = await get(server, PurgeView, `/v1/threads/${idOf(deleted)}/purge`, { method: "POST" })
  expect([begun.status, begun.sealedHash?.length]).toEqual(["running", 64])
  server.child.kill("SIGKILL")
  await server.ended
  reader.close()
  server = await serve(directory)
  await purgedWholly(server, idOf(deleted))
  expect(filesWith(directory, marker(deleted))).toEqual([])

  // Once more the first receipt; but nothing else is taken any more, under its id or that of its provider.
  expect(await get(server, Receipt, `/v1/threads/${idOf(deleted)}`, remove)).toEqual(receipt)
  expect(await slugOf(server, `/v1/threads/${idOf(deleted)}`, { method: "DELETE" })).toBe("thread-purged")
  await expect(attach(server, sessionOf(9), `native-${deleted}`)).rejects.toThrow("thread-purged")

  // Whoever asks for what was in it is told.
  const ofThread: readonly (readonly string[])[] = [
    ["at", idOf(deleted), "--sequence", "4"],
    ["why", idOf(deleted), "--event", "4"],
    ["export", join(archive, "none.bundle"), idOf(deleted)],
  ]
  for (const args of ofThread) {
    const ended = await threadfold([...args, "--data-dir", directory, "--json"])
    expect([args[0], ended.code, ended.stderr]).toEqual([args[0], 2, expect.stringContaining("thread-purged")])
  }
  expect((await pageOf(idOf(deleted))).thread).toMatchObject({ status: "purged", title: null })
  expect(await document(CheckReport, ["check", "--data-dir", directory])).toEqual({ ok: true, violations: [] })

  expect(readdirSync(archive)).toEqual([])

  // What rests goes into a bundle; what lives stays.
  const retain = ["retain", "--older", "0s", "--into", archive, "--yes", "--data-dir", directory]
  const report = await document(RetainReport, retain)
  expect(report).toMatchObject({ ok: true, archived: 1, purgedBefore: 1, threads: [{ threadId: idOf(rested) }, {}] })
  await purgedWholly(server, idOf(rested))
  expect(filesWith(directory, marker(rested))).toEqual([])
  expect((await document(RetainReport, retain)).due).toBe(0)

  // The one that lives is as it was, and goes on.
  expect((await pageOf(idOf(living))).thread).toMatchObject({ threadId: idOf(living), title: marker(living) })
  expect((await pageOf(idOf(living))).turns).toEqual(before.turns)
  expect(statSync(file).size + statSync(`${file}-wal`).size).toBeLessThan(sizeBefore)
  expect(await document(VerifyReport, ["verify", "--bytes", "--data-dir", directory])).toMatchObject({
    ok: true,
    log: { ok: true },
  })

  // The archived one can be read again, as a copy.
  const [bundle = ""] = readdirSync(archive)
  const from = ["import", "threadfold", join(archive, bundle), "--as-copy", "--data-dir", directory]
  const imported = await document(ImportReport, from)
  const copy = await pageOf(imported.threads[0]?.threadId ?? "")
  expect([copy.thread.title, copy.turns.length]).toEqual([marker(rested), 1])
  server.child.stdin?.end()
  expect(await server.ended).toBe(0)
})
