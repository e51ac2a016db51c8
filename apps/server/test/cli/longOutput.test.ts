/**
 * A command that prints many megabytes, live through the built program: nothing that goes out is long, everything can be read, and the
 * text is stored once. `npm run soak -- output` runs it with 20 MB, and says what it took.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { ItemDetail, longestPageBytes, Receipt, TextRange, TurnDetail } from "@threadfold/contracts"
import { pageOf } from "@threadfold/contracts/api"
import { databaseFile } from "@threadfold/event-log"
import { fakeAgent } from "@threadfold/testkit"
import Sqlite from "better-sqlite3"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { temporary } from "./program.js"
import { type RunningServer, serve } from "./server.js"

const outputBytes = Number(process.env.OUTPUT_BYTES ?? 6_000_000)
const mebibyte = 1024 * 1024
/** What a server may take for events that come one after the other, however many, bytes; and for each byte of one line. */
const [atRest, perByte] = [200 * mebibyte, 9] as const
/** A line that is long enough to be seen beside what a server takes and gives back meanwhile. */
const lineBytes = Math.max(20_000_000, outputBytes)

/** What a database of a server that has ended takes, free pages and all; prints what the tables do. */
const storedBytes = (directory: string, what: string, of = outputBytes): number => {
  const handle = new Sqlite(databaseFile(directory), { readonly: true })
  try {
    const tables = handle
      .prepare<[], { readonly name: string; readonly bytes: number }>(
        "SELECT name, sum(pgsize) AS bytes FROM dbstat GROUP BY name ORDER BY bytes DESC LIMIT 4",
      )
      .all()
    const bytes = Number(handle.pragma("page_count", { simple: true })) * 4096
    const largest = tables.map((table) => `${table.name} ${table.bytes}`).join(", ")
    console.log(`${what}: ${bytes} bytes of database for ${of} of text (${largest})`)
    return bytes
  } finally {
    handle.close()
  }
}

/** Begins to measure anew. */
const forgetPeak = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, "5")

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

describe("a command that prints many megabytes", () => {
  it("sends nothing over 256 KiB, is read whole by range, is stored once, and leaves its agent alive", async () => {
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
    const taken = peakOf(server.pid) - before
    console.log(`memory: ${Math.round(taken / mebibyte)} MiB more than before, at its highest`)
    expect(taken).toBeLessThan(atRest + perByte * outputBytes)
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
    expect(parts).toBeGreaterThanOrEqual(outputBytes / 65_536)
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
    expect(storedBytes(directory, "an agent")).toBeLessThan(1.3 * outputBytes)
  })

  it("costs memory for a few copies of it where it comes in one line", async () => {
    const directory = join(temporary(), "data")
    mkdirSync(directory, { mode: 0o700 })
    const turns = [[{ say: "ready" }, { print: 1_000 }], [{ print: lineBytes, pieces: false }]] as const
    writeFileSync(
      join(directory, "threadfold.json"),
      JSON.stringify({ agents: { fake: { kind: "codex", ...fakeAgent({ turns }) } } }),
    )
    const server = await serve(directory)
    const post = async (path: string, body: object): Promise<Receipt> => {
      const headers = { "content-type": "application/json" }
      return json(Receipt, await server.call(path, { method: "POST", headers, body: JSON.stringify(body) }))
    }
    const { threadId } = await post("/v1/threads", { agent: "fake", cwd: directory })
    const turn = async (): Promise<void> => {
      const { turnId } = await post(`/v1/threads/${threadId}/messages`, { text: "go" })
      for (let settled = false; !settled; ) {
        settled = (await json(TurnDetail, await server.call(`/v1/turns/${turnId}?wait=50`))).settled
      }
    }
    await turn()
    forgetPeak(server.pid)
    const before = peakOf(server.pid)
    await turn()
    const taken = peakOf(server.pid) - before
    console.log(`memory: ${(taken / lineBytes).toFixed(1)} times a line of ${lineBytes} bytes, at its highest`)
    expect(taken).toBeLessThan(perByte * lineBytes)
    server.child.stdin?.end()
    expect(await server.ended).toBe(0)
    expect(storedBytes(directory, "one line", lineBytes)).toBeLessThan(1.3 * lineBytes)
  })

  it("is stored once, and costs no more memory the longer it is, where an adapter pushes it in pieces alone", async () => {
    const directory = join(temporary(), "data")
    const server = await serve(directory)
    const session = "0199a000-0002-7000-8000-000000000001"
    const send = async (method: string, path: string, body: string, type = "application/json"): Promise<void> => {
      const answer = await server.call(path, { method, headers: { "content-type": type }, body })
      expect(answer.status, await answer.text()).toBeLessThan(300)
    }
    const attached = { provider: "test", nativeThreadId: "native", leaseMs: 86_400_000 }
    await send("PUT", `/v1/sessions/${session}`, JSON.stringify(attached))
    const native = { turnId: "turn", itemId: "item" }
    let seq = 0
    const line = (type: string, payload: object): string => {
      seq += 1
      return JSON.stringify({ type, channel: "adapter:a", seq, at: 1_700_000_000_000 + seq, native, payload })
    }
    const push = (lines: readonly string[]): Promise<void> =>
      send("POST", `/v1/sessions/${session}/events`, `${lines.join("\n")}\n`, "application/x-ndjson")
    await push([line("turn.started", {}), line("item.started", { kind: "command" })])
    const before = peakOf(server.pid)
    for (let sent = 0; sent < outputBytes; ) {
      const lines: string[] = []
      // From a few KiB to more than rides along.
      for (const units of [3_000, 16_000, 64_000, 100_000]) {
        const delta = `${String(sent).padStart(10, "0")} é "word"\n`.repeat(units / 20)
        lines.push(line("content.delta", { stream: "output", delta }))
        sent += Buffer.byteLength(delta)
      }
      await push(lines)
    }
    const taken = peakOf(server.pid) - before
    console.log(`memory: ${Math.round(taken / mebibyte)} MiB more than before, at its highest`)
    expect(taken).toBeLessThan(atRest)
    await push([
      line("item.completed", { kind: "command", status: "completed" }),
      line("turn.completed", { outcome: "completed" }),
    ])
    server.child.stdin?.end()
    expect(await server.ended).toBe(0)
    expect(storedBytes(directory, "an adapter")).toBeLessThan(1.3 * outputBytes)
  })
})
