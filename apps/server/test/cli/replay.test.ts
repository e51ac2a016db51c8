/** `replay` of a recording and of a database by the built program: what its HTTP and its streams say is what the log says. */
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { ImportReport, VerifyReport } from "@threadfold/contracts"
import { EventPage, Readiness, ReplayView } from "@threadfold/contracts/api"
import { ProblemDetails } from "@threadfold/contracts/problem"
import { recording } from "@threadfold/testkit"
import { Schema } from "effect"
import { expect, it } from "vitest"
import { document, ended, start, temporary, threadfold } from "./program.js"

const Hello = Schema.parseJson(
  Schema.Struct({ url: Schema.String, tokenFile: Schema.String, events: Schema.Number, pid: Schema.Number }),
)

/** A replay that listens. */
const replaying = async (path: string, files: string) => {
  const child = start(["replay", path, "--paused", "--json"], { env: { TMPDIR: files } })
  const done = ended(child)
  const line = await new Promise<string>((resolve, reject) => {
    if (child.stdout === null) return reject(new Error("no standard output"))
    createInterface({ input: child.stdout }).once("line", resolve)
    void done.then(({ stderr }) => reject(new Error(stderr)))
  })
  const hello = Schema.decodeUnknownSync(Hello)(line)
  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${hello.url}${path}`, {
      ...init,
      headers: {
        authorization: `Bearer ${readFileSync(hello.tokenFile, "utf8").trim()}`,
        connection: "close",
        ...Object.fromEntries(new Headers(init.headers)),
      },
    })
  const post = (path: string, body: object) =>
    call(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
  const control = async (body: object) =>
    Schema.decodeUnknownSync(Schema.parseJson(ReplayView))(await (await post("/v1/replay", body)).text())
  const page = async () =>
    Schema.decodeUnknownSync(Schema.parseJson(EventPage))(await (await call("/v1/events?limit=500")).text()).items
  return { child, done, hello, call, post, control, page }
}

it("serves a recorded log event by event, refuses to be written to, and leaves nothing behind", {
  timeout: 600_000,
}, async () => {
  const directory = join(temporary(), "data")
  const path = recording("codex-01-plain").path
  await document(ImportReport, ["import", "codex-app-server", path, "--data-dir", directory])
  const file = join(directory, "threadfold.db")
  const clean = await document(VerifyReport, ["verify", "--db", file])
  const all = (await threadfold(["events", "--db", file, "--json"])).stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
  const before = [readdirSync(directory), statSync(file).mtimeMs, statSync(file).size]
  const files = temporary()
  const replay = await replaying(file, files)
  expect(replay.hello.events).toBe(all.length)
  expect(await replay.page()).toEqual([])
  expect(await replay.control({ step: 7 })).toMatchObject({ position: 7, state: "paused" })
  expect(JSON.parse(JSON.stringify(await replay.page()))).toEqual(all.slice(0, 7))
  const refused = await replay.post("/v1/threads", { agent: "codex" })
  const problem = Schema.decodeUnknownSync(ProblemDetails)(await refused.json())
  expect([refused.status, problem.type]).toEqual([403, "urn:threadfold:problem:replay-read-only"])
  // Looking at it in a browser changes nothing of it.
  expect((await replay.post("/v1/page/codes", {})).status).toBe(201)
  expect((await replay.call("/v1/replay", { method: "PUT" })).status).toBeGreaterThanOrEqual(400)
  expect(await replay.control({ seek: all.length })).toMatchObject({ state: "ended", position: all.length })
  // Every event as it was, under its sequence, with its times and its native message.
  expect(JSON.parse(JSON.stringify(await replay.page()))).toEqual(all)
  // Backward: another log, so that a stream of the first one is told to read anew.
  const readiness = async () =>
    Schema.decodeUnknownSync(Schema.parseJson(Readiness))(await (await replay.call("/readyz")).text())
  const stats = await readiness()
  await replay.control({ seek: 3 })
  for (let isNext = false; !isNext; ) {
    // Between the two logs there is no server.
    const ready = await readiness().catch(() => stats)
    isNext = ready.logId !== stats.logId && ready.sequence === 3
  }
  const reader = await replay.call("/v1/events", {
    headers: { accept: "text/event-stream", "last-event-id": `${stats.logId}.5` },
  })
  const { value } = (await reader.body?.getReader().read()) ?? {}
  expect(new TextDecoder().decode(value)).toContain("event: reset")
  replay.child.kill("SIGINT")
  expect((await replay.done).code).toBe(0)
  expect(readdirSync(files)).toEqual([])
  expect([readdirSync(directory), statSync(file).mtimeMs, statSync(file).size]).toEqual(before)
  expect((await document(VerifyReport, ["verify", "--db", file])).hash).toBe(clean.hash)
  const nothing = await threadfold(["replay", join(directory, "nothing"), "--json"])
  expect([nothing.code, nothing.stdout]).toEqual([3, ""])
})
