/** `import` beside a running server: the same words and exit codes as without one. */
import { execFileSync } from "node:child_process"
import { appendFileSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { ImportReport, VerifyReport } from "@threadfold/contracts"
import { recording } from "@threadfold/testkit"
import { describe, expect, it } from "vitest"
import { document, type Ended, problemOf, temporary, threadfold } from "./program.js"
import { serveHere } from "./server.js"

const plain = recording("codex-01-plain").path
const voice = recording("codex-40-realtime-base").path

/** What a run shows, without what its data directory is called, and without the lines of progress of a slow machine. */
const shown = ({ code, stderr, stdout }: Ended, directory: string) => ({
  code,
  stdout,
  stderr: stderr.replaceAll(directory, "DIR").replace(/^.*:\d+, \d+ events added\n/gm, ""),
})

describe("import beside a server", () => {
  it("says the same as alone, and does the same to the log", async () => {
    const parent = temporary()
    const [alone, served] = [join(parent, "alone"), join(parent, "served")]
    const broken = join(parent, "broken.jsonl")
    writeFileSync(broken, `${readFileSync(plain, "utf8")}{"ts": 7}\nhalf a li`)
    const notes = join(parent, "notes.txt")
    writeFileSync(notes, "these are no lines of JSON\n")
    const server = await serveHere(served)
    const calls = [
      ["import", "codex-app-server", notes, "--json"],
      ["import", "codex-app-server", join(parent, "missing.jsonl"), "--json"],
      ["import", "codex-app-server", plain, voice],
      ["import", "codex-app-server", plain, voice, "--json"],
      ["import", "codex-app-server", broken, plain, "--leave-open", "--json"],
      ["import", "codex-app-server", voice, notes],
    ]
    for (const call of calls) {
      const [without, through] = [
        await threadfold([...call, "--data-dir", alone]),
        await threadfold([...call, "--data-dir", served]),
      ]
      expect([call, shown(through, served)]).toEqual([call, shown(without, alone)])
    }
    await server.stop()
    const verified = async (directory: string) => {
      const { hash, ok } = await document(VerifyReport, ["verify", "--data-dir", directory])
      return { hash, ok }
    }
    expect(await verified(served)).toEqual({ ...(await verified(alone)), ok: true })
  })

  it("refuses what is no regular file, with and without a server, without waiting for a writer", async () => {
    const parent = temporary()
    const [alone, served] = [join(parent, "alone"), join(parent, "served")]
    const pipe = join(parent, "pipe")
    execFileSync("mkfifo", [pipe])
    await serveHere(served)
    for (const file of [pipe, parent, "/dev/null"]) {
      for (const directory of [alone, served]) {
        const end = await threadfold(["import", "codex-app-server", file, "--json", "--data-dir", directory])
        const { detail, type } = problemOf(end)
        expect([end.code, type, detail]).toEqual([
          3,
          "urn:threadfold:problem:recording-not-found",
          `${file}: it is no regular file.`,
        ])
      }
    }
  })

  it("goes on with a recording that grew, and is refused where a session of its thread lives", async () => {
    const parent = temporary()
    const directory = join(parent, "data")
    const file = join(parent, "growing.jsonl")
    const lines = readFileSync(plain, "utf8").trimEnd().split("\n")
    writeFileSync(file, `${lines.slice(0, 24).join("\n")}\n`)
    const server = await serveHere(directory)
    const args = ["import", "codex-app-server", file, "--data-dir", directory]
    const begun = await document(ImportReport, [...args, "--leave-open"])
    appendFileSync(file, `${lines.slice(24, 30).join("\n")}\n`)
    const more = await document(ImportReport, args)
    expect(begun.events).toBeGreaterThan(0)
    expect(more.events).toBeGreaterThan(0)
    expect(more.threads[0]?.threadId).toBe(begun.threads[0]?.threadId)

    const sessionId = "01990000-0000-7000-8000-000000000001"
    const opened = await server.call(`/v1/sessions/${sessionId}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ provider: "test", threadId: more.threads[0]?.threadId, leaseMs: 600_000 }),
    })
    expect(opened.status).toBe(201)
    appendFileSync(file, `${lines.slice(30).join("\n")}\n`)
    const refused = await threadfold([...args, "--json"])
    expect([refused.code, problemOf(refused).type]).toEqual([2, "urn:threadfold:problem:thread-busy"])
    await server.stop()
  })
})
