/** A recording with a line of some MiB, uploaded to the built program: the main thread goes on with its other work. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { ImportReport } from "@threadfold/contracts"
import { recording } from "@threadfold/testkit"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { temporary } from "./program.js"
import { type RunningServer, serve } from "./server.js"

/** Runs in the main thread of the server: writes the longest delay of its event loop since the last signal, ms. */
const script = `import { monitorEventLoopDelay } from "node:perf_hooks"
  import { isMainThread } from "node:worker_threads"
  if (isMainThread) {
    const delays = monitorEventLoopDelay({ resolution: 5 })
    delays.enable()
    process.on("SIGUSR2", () => {
      process.stderr.write("longest delay " + Math.round(delays.max / 1e6) + "\\n")
      delays.reset()
    })
  }`
const watched = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` }

const longestDelay = (server: RunningServer): Promise<number> =>
  new Promise((resolve) => {
    const read = (text: string): void => {
      const [, delay] = /longest delay (\d+)/.exec(text) ?? []
      if (delay === undefined) return
      server.child.stderr?.off("data", read)
      resolve(Number(delay))
    }
    server.child.stderr?.on("data", read)
    server.child.kill("SIGUSR2")
  })

/** A recording whose agent says so many bytes at once. */
const withLongMessage = (bytes: number): string => {
  const lines = readFileSync(recording("codex-01-plain").path, "utf8").trimEnd().split("\n")
  const long = lines.map((line) =>
    line.includes("item/completed") && line.includes("agentMessage")
      ? line.replace(/"text":"[^"]*"/, () => `"text":"${"x".repeat(bytes)}"`)
      : line,
  )
  return `${long.join("\n")}\n`
}

describe("an upload", () => {
  it("with a line of 24 MiB is imported, and blocks the main thread for a fraction of the time that it takes to parse", async () => {
    const server = await serve(join(temporary(), "data"), [], watched)
    await longestDelay(server)
    const upload = (body: string) =>
      server.call("/v1/imports", { method: "POST", headers: { "content-type": "application/x-ndjson" }, body })
    const body = withLongMessage(24 * 1024 * 1024)
    const begun = performance.now()
    const answer = await upload(body)
    const took = performance.now() - begun
    const delay = await longestDelay(server)
    const report = Schema.decodeUnknownSync(Schema.parseJson(ImportReport))(await answer.text())
    expect([answer.status, report.unreadable]).toEqual([200, 0])
    // A fiftieth of the whole; a fourth where the main thread parses the line and sends it on. Both grow with the work beside it.
    expect(delay).toBeLessThan(took / 8)
    // What the thread of the import refuses is the same problem as ever.
    expect((await upload("some text\n")).status).toBe(400)
    server.child.stdin?.end()
    expect(await server.ended).toBe(0)
  })
})
