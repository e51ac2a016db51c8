/** Bodies made to keep a server busy, through the built program: other callers are served meanwhile, and memory stays small. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { PushResult } from "@threadfold/contracts/api"
import { ProblemDetails } from "@threadfold/contracts/problem"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { temporary } from "./program.js"
import { attach, push, type RunningServer, serve } from "./server.js"

const session = "01990000-0000-7000-8000-000000000001"
const mebibyte = 1024 * 1024
/** Most that a body may add to the server's memory, MiB. */
const growth = 100

/** The memory of a server's process in MiB, now and at its highest since it was last asked; null where the system does not tell. */
const memoryOf = ({ pid }: RunningServer) => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8")
    const of = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]) / 1024
    const memory = { now: of("VmRSS"), highest: of("VmHWM") }
    writeFileSync(`/proc/${pid}/clear_refs`, "5")
    return memory
  } catch {
    return null
  }
}

/** Sends a body while another caller asks all the time; how often that one was answered meanwhile. */
const beside = async (server: RunningServer, body: string | Buffer) => {
  const before = memoryOf(server)
  let answers = 0
  let isOver = false
  const asking = (async () => {
    for (; !isOver; answers += 1) expect((await server.call("/livez")).status).toBe(200)
  })()
  const answer = await server.call(`/v1/sessions/${session}/events`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body,
  })
  const text = await answer.text()
  const meanwhile = answers
  isOver = true
  await asking
  const after = memoryOf(server)
  if (before !== null && after !== null) expect(after.highest - before.now).toBeLessThan(growth)
  return { status: answer.status, text, meanwhile }
}

const event = (seq: number, payload: object = { message: "x" }) =>
  JSON.stringify({ type: "runtime.warning", channel: "adapter:a", seq, at: 1_700_000_000_000 + seq, payload })

describe("a server that gets", () => {
  it("bodies without an end of lines, values and levels serves others, and does not grow", {
    timeout: 600_000,
  }, async () => {
    const server = await serve(join(temporary(), "data"))
    await attach(server, session, "native-1")
    // So that code is compiled and caches are there.
    let seq = 0
    const next = () => (seq += 1)
    await push(
      server,
      session,
      Array.from({ length: 200 }, () => JSON.parse(event(next()))),
    )

    const endless = await beside(server, Buffer.alloc(16 * mebibyte, "1\n"))
    expect(endless.status).toBe(413)
    expect(Schema.decodeUnknownSync(Schema.parseJson(ProblemDetails))(endless.text).detail).toMatch(
      /more than 20000 lines/,
    )

    const mixed = Array.from({ length: 20_000 }, (_, index) => {
      if (index % 4 === 0) return event(next())
      if (index % 4 === 1) return `{"channel":"adapter:a","seq":${next()},"pay`
      return index % 4 === 2 ? "{" : `{"channel":"adapter:a","seq":${next()}}`
    })
    const many = await beside(server, mixed.join("\n"))
    expect(many.status).toBe(200)
    const { results } = Schema.decodeUnknownSync(Schema.parseJson(PushResult))(many.text)
    expect(results.map(({ line }) => line)).toEqual(mixed.map((_, index) => index + 1))
    expect(results.map(({ status }) => status)).toEqual(
      mixed.map((_, index) => (index % 4 === 0 ? "appended" : "invalid")),
    )
    // 15,000 lines are stored, 512 at a time: others have their turn at least as often as those are committed.
    expect(many.meanwhile).toBeGreaterThanOrEqual(20)

    const deep = `${"[".repeat(500)}${"]".repeat(500)}`
    const deepLines = Array.from({ length: 2_000 }, () =>
      event(next(), { message: "m", deep: "?" }).replace('"?"', deep),
    )
    const nested = await beside(server, deepLines.join("\n"))
    expect(nested.status).toBe(200)
    // A million values, ten thousand at a time.
    expect(nested.meanwhile).toBeGreaterThanOrEqual(20)

    const long = await beside(
      server,
      `{"channel":"adapter:a","seq":${next()},"payload":["${'\\"'.repeat(7 * mebibyte)}`,
    )
    expect(JSON.parse(long.text).results).toMatchObject([{ seq, status: "invalid", problem: "line-too-long" }])
    expect((await server.call("/readyz")).status).toBe(200)
  })
})
