/** Images of messages on their way to another machine, by the built program: bundles, copies, purges, backups. */
import { createHash } from "node:crypto"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync, gzipSync } from "node:zlib"
import {
  BackupReport,
  ExportReport,
  ImportReport,
  RestoreReport,
  SalvageReport,
  VerifyReport,
} from "@threadfold/contracts"
import { BlobView } from "@threadfold/contracts/api"
import { databaseFile } from "@threadfold/event-log"
import { samplePng } from "@threadfold/testkit"
import Sqlite from "better-sqlite3"
import { Effect, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { post } from "../http/support/images.js"
import { command } from "../http/support/Managed.js"
import { testAgent } from "../http/support/TestOrchestration.js"
import { callAs, serverOn } from "../http/support/TestServer.js"
import { built, document, problemOf, temporary, threadfold } from "./program.js"
import { type CalledServer, serve, serveHere } from "./server.js"

const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

const small = samplePng()
/** Longer than several lines of a bundle. */
const large = Buffer.concat([small, Buffer.from(Array.from({ length: 700_001 }, (_, index) => (index * 7919) >>> 5))])
const images = [small, large]

/** A log with two threads: a turn of the first waits with both images, and one that waits behind it has the small one, as the second thread has. */
const seed = (directory: string): Promise<readonly string[]> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        for (const bytes of images) yield* callAs(BlobView, "/v1/blobs", post(bytes))
        const part = (bytes: Uint8Array) => ({ type: "image", hash: hashOf(bytes) })
        const threads: string[] = []
        for (const messages of [[images, [small]], [[small]]]) {
          const { body } = yield* command("POST", "/v1/threads", { agent: testAgent.name })
          for (const of of messages) {
            yield* command("POST", `/v1/threads/${body.threadId}/messages`, { text: "look", parts: of.map(part) })
          }
          threads.push(body.threadId)
        }
        return threads
      }).pipe(Effect.provide(serverOn(directory))),
    ),
  )

const documentOf = <A, I>(schema: Schema.Schema<A, I>, ...args: readonly string[]) => document(schema, args, built)

/** The images that a server has, as what their bytes are. */
const imagesOf = async ({ call }: Pick<CalledServer, "call">): Promise<readonly string[]> => {
  const found: string[] = []
  for (const bytes of images) {
    const answer = await call(`/v1/blobs/${hashOf(bytes)}`)
    if (answer.status === 404) continue
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "image/png"])
    found.push(hashOf(Buffer.from(await answer.arrayBuffer())))
  }
  return found
}

const all = images.map(hashOf)
const Purge = Schema.Struct({ status: Schema.String })

const purge = async ({ call }: Pick<CalledServer, "call">, threadId: string): Promise<void> => {
  const ask = async (method: string) => {
    const answer = await call(`/v1/threads/${threadId}/purge`, { method })
    return Schema.decodeUnknownSync(Purge)(await answer.json()).status
  }
  let status = await ask("POST")
  while (status !== "finished") status = await ask("GET")
}

describe("images of messages", () => {
  it("come along in a bundle, alone and through a server, are those of copies, too, and go with the last thread", async () => {
    const parent = temporary()
    const [from, alone, served] = [join(parent, "from"), join(parent, "alone"), join(parent, "served")]
    const file = join(parent, "x.bundle")
    const threads = await seed(from)
    const exported = await documentOf(ExportReport, "export", file, "--redact", "none", "--data-dir", from)
    const bytes = small.length + large.length
    expect(exported.blobs).toEqual({ carried: 2, bytes, leftOut: 0, leftOutBytes: 0, missing: 0, named: [] })
    const lines = gunzipSync(readFileSync(file)).toString().split("\n")
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(300_000)

    const taken = await documentOf(ImportReport, "import", "threadfold", file, "--data-dir", alone)
    expect(taken.bundle?.blobs).toEqual({ carried: 2, added: 2, leftOut: 0, missing: 0 })
    expect(await documentOf(VerifyReport, "verify", "--bytes", "--data-dir", alone)).toMatchObject({ ok: true })

    const server = await serve(served)
    const args = ["import", "threadfold", file, "--data-dir", served]
    const through = await documentOf(ImportReport, ...args)
    expect(through.bundle?.blobs).toMatchObject({ carried: 2, added: 2 })
    expect(await imagesOf(server)).toEqual(all)
    const again = await documentOf(ImportReport, ...args)
    expect([again.events, again.bundle?.blobs.added]).toEqual([0, 0])
    const copied = await documentOf(ImportReport, ...args, "--as-copy")
    expect(copied.bundle?.blobs.added).toBe(0)
    const [first = "", second = ""] = threads
    const copies = copied.threads.map(({ threadId }) => threadId)
    const copyOfFirst = copies[exported.threads.findIndex(({ threadId }) => threadId === first)] ?? ""
    for (const threadId of [first, second]) await purge(server, threadId)
    expect(await imagesOf(server)).toEqual(all)
    await purge(server, copyOfFirst)
    // The copy of the second thread has the small one still.
    expect(await imagesOf(server)).toEqual([hashOf(small)])
    for (const threadId of copies) if (threadId !== copyOfFirst) await purge(server, threadId)
    expect(await imagesOf(server)).toEqual([])
  })

  it("are left out of a masked bundle, which names them, and come along where they are asked for", async () => {
    const parent = temporary()
    const from = join(parent, "from")
    await seed(from)
    const exportTo = (name: string, ...args: readonly string[]) =>
      documentOf(ExportReport, "export", join(parent, name), ...args, "--data-dir", from)
    const preview = await documentOf(ExportReport, "export", "--preview", "--data-dir", from)
    expect(preview.blobs).toMatchObject({ carried: 0, leftOut: 2, leftOutBytes: small.length + large.length })
    expect(new Set(preview.blobs.named.map(({ hash }) => hash))).toEqual(new Set(all))
    const page = await built(["export", "--preview", "--data-dir", from])
    expect(page.stdout).toContain("2 images and files of messages left out")
    for (const hash of all) expect(page.stdout).toContain(hash)
    const refused = await built([
      "export",
      "s.bundle",
      "--redact",
      "structure",
      "--blobs",
      "--json",
      "--data-dir",
      from,
    ])
    expect([refused.code, problemOf(refused).type]).toEqual([2, "urn:threadfold:problem:invalid-request"])

    const structure = await exportTo("structure.bundle", "--redact", "structure")
    expect(structure.blobs).toMatchObject({ carried: 0, leftOut: 2 })
    const text = gunzipSync(readFileSync(join(parent, "structure.bundle"))).toString()
    expect(all.filter((hash) => text.includes(hash))).toEqual([])
    for (const [name, args, carried] of [
      ["masked.bundle", [], 0],
      ["with.bundle", ["--blobs"], 2],
    ] as const) {
      expect((await exportTo(name, ...args)).blobs).toMatchObject({ carried, leftOut: 2 - carried })
      const to = join(parent, `of-${name}`)
      const report = await documentOf(ImportReport, "import", "threadfold", join(parent, name), "--data-dir", to)
      expect(report.bundle).toMatchObject({ proven: true, blobs: { carried, added: carried, leftOut: 2 - carried } })
      const server = await serve(to)
      expect(await imagesOf(server)).toHaveLength(carried)
    }
  })

  it("are refused with their bundle where it is cut in one, or has other bytes, before there is a log", async () => {
    const parent = temporary()
    const [from, file, bad] = [join(parent, "from"), join(parent, "x.bundle"), join(parent, "bad.bundle")]
    await seed(from)
    await documentOf(ExportReport, "export", file, "--redact", "none", "--data-dir", from)
    const lines = gunzipSync(readFileSync(file)).toString().split("\n")
    const at = lines.findIndex((line) => line.startsWith('{"bytes":'))
    const changed = lines.toSpliced(at, 1, (lines[at] ?? "").replace(/.{4}"}$/, 'AAAA"}'))
    for (const [index, text] of [lines.slice(0, at + 1).join("\n"), changed.join("\n")].entries()) {
      writeFileSync(bad, gzipSync(text))
      const to = join(parent, `to-${index}`)
      const end = await built(["import", "threadfold", bad, "--json", "--data-dir", to])
      expect([end.code, problemOf(end).type]).toEqual([3, "urn:threadfold:problem:bundle-damaged"])
      const empty = await documentOf(ExportReport, "export", "--preview", "--data-dir", to)
      expect([empty.streams, empty.blobs.carried]).toEqual([0, 0])
    }
  })

  it("are in a backup, and in the log that is restored from it", async () => {
    const parent = temporary()
    const [from, to, file] = [join(parent, "from"), join(parent, "to"), join(parent, "x.backup")]
    const threads = await seed(from)
    await documentOf(BackupReport, "backup", file, "--verify", "--data-dir", from)
    await documentOf(RestoreReport, "restore-backup", file, "--data-dir", to)
    const server = await serve(to)
    expect(await imagesOf(server)).toEqual(all)
    for (const threadId of threads) await purge(server, threadId)
    expect(await imagesOf(server)).toEqual([])
  })

  it("are salvaged with the messages that refer to them, and one that is not what was stored is named", async () => {
    const parent = temporary()
    const [from, to, other] = [join(parent, "from"), join(parent, "to"), join(parent, "other.db")]
    await seed(from)
    mkdirSync(to, { mode: 0o700 })
    const file = databaseFile(from)
    const { blobs, ok } = await document(SalvageReport, ["salvage", "--db", file, databaseFile(to)])
    const bytes = small.length + large.length
    expect([ok, blobs]).toEqual([true, { copied: 2, bytes, missing: [], damaged: [] }])
    const server = await serveHere(to)
    expect(await imagesOf(server)).toEqual(all)
    await server.stop()
    const referred = (place: string) => {
      const handle = new Sqlite(place, { readonly: true })
      const rows = handle.prepare("SELECT thread_id, hash FROM message_blob_references ORDER BY 1, 2").raw().all()
      handle.close()
      return rows
    }
    expect(referred(databaseFile(to))).toEqual(referred(file))

    const handle = new Sqlite(file)
    handle.exec("UPDATE message_blobs SET body = zeroblob(octet_length(body)) WHERE size > 1000")
    handle.close()
    const { code, stdout } = await threadfold(["salvage", "--db", file, other])
    expect(code).toBe(1)
    expect(stdout).toContain("1 image or file of messages")
    expect(stdout).toContain(`lost: the image or file ${hashOf(large)}`)
  })
})
