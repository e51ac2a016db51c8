/** A command that prints 20 MB, live through the built program: nothing that goes out is long, and everything can be read. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { ItemDetail, longestPageBytes, Receipt, TextRange, TurnDetail } from "@threadfold/contracts"
import { pageOf } from "@threadfold/contracts/api"
import { fakeAgent } from "@threadfold/testkit"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { temporary } from "./program.js"
import { type RunningServer, serve } from "./server.js"

const outputBytes = 20_000_000

/** Highest memory of a process until now, bytes. */
const peakOf = (pid: number): number =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024

const json = async <A, I>(schema: Schema.Schema<A, I>, answer: Response): Promise<A> =>
  Schema.decodeUnknownSync(Schema.parseJson(schema))(await answer.text())

/** Reads a stream to its end; the longest event, bytes, and how many came. */
const follow = async (server: RunningServer, path: string, signal: AbortSignal) => {
  const answer = await server.call(path, { headers: { accept: "text/event-stream" }, signal })
  const found = { longest: 0, events: 0 }
  const read = async () => {
    let rest = Buffer.alloc(0)
    for await (const piece of answer.body ?? []) {
      rest = Buffer.concat([rest, piece])
      for (let end = rest.indexOf("\n\n"); end !== -1; end = rest.indexOf("\n\n")) {
        found.longest = Math.max(found.longest, end)
        found.events += 1
        rest = rest.subarray(end + 2)
      }
    }
  }
  return { found, over: read().catch(() => undefined) }
}

describe("a command that prints 20 MB", () => {
  it("sends nothing over 256 KiB, is read whole by range, and leaves its agent alive", async () => {
    const directory = join(temporary(), "data")
    mkdirSync(directory, { mode: 0o700 })
    const agent = { kind: "codex", ...fakeAgent({ turns: [[{ print: outputBytes }], [{ say: "still here" }]] }) }
    writeFileSync(join(directory, "threadfold.json"), JSON.stringify({ agents: { fake: agent } }))
    const server = await serve(directory)
    const closing = new AbortController()
    const streams = await Promise.all(["/v1/events", "/v1/changes"].map((path) => follow(server, path, closing.signal)))
    const post = async (path: string, body: object): Promise<Receipt> => {
      const headers = { "content-type": "application/json" }
      return json(Receipt, await server.call(path, { method: "POST", headers, body: JSON.stringify(body) }))
    }
    const { threadId } = await post("/v1/threads", { agent: "fake", cwd: directory })
    const turn = async (text: string): Promise<TurnDetail> => {
      const { turnId } = await post(`/v1/threads/${threadId}/messages`, { text })
      for (;;) {
        const found = await json(TurnDetail, await server.call(`/v1/turns/${turnId}?wait=50`))
        if (found.settled) return found
      }
    }
    const before = peakOf(server.pid)
    expect(await turn("print")).toMatchObject({ outcome: "completed", evidence: "observed" })
    // Some copies of the one line at a time, and not of all that was sent: its pieces, rows and events are 20 MB each.
    expect(peakOf(server.pid) - before).toBeLessThan(50 * outputBytes)
    for (const path of [
      "/v1/items",
      `/v1/threads/${threadId}`,
      `/v1/threads/${threadId}/snapshot`,
      "/v1/events?order=desc",
    ]) {
      const text = await (await server.call(path)).text()
      expect(Buffer.byteLength(text), path).toBeLessThanOrEqual(longestPageBytes)
    }
    const { items } = await json(pageOf(ItemDetail), await server.call("/v1/items?kind=command"))
    const cut = items[0]?.truncated?.text
    expect(cut?.bytes).toBe(outputBytes)
    let [read, parts] = [0, 0]
    for (let offset: number | null = 0; offset !== null; parts++) {
      const part: TextRange = await json(TextRange, await server.call(`${cut?.href}?offset=${offset}`))
      read += Buffer.byteLength(part.text ?? "")
      offset = part.next
    }
    expect(read).toBe(outputBytes)
    expect(parts).toBeGreaterThan(300)
    // The same process answers.
    expect(await turn("and now?")).toMatchObject({ outcome: "completed" })
    closing.abort()
    await Promise.all(streams.map(({ over }) => over))
    for (const { found } of streams) {
      expect(found.events).toBeGreaterThan(5)
      expect(found.longest).toBeLessThanOrEqual(longestPageBytes)
    }
    server.child.stdin?.end()
    expect(await server.ended).toBe(0)
  })
})
