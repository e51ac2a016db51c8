/**
 * What hostile adapters push, through the built server over HTTP: `SEEDS` times `LINES` lines into one log. After each seed the
 * log and the rows are sound, the whole again adds nothing, other callers were served all the time, and the memory is what it was.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { CheckReport, VerifyReport } from "@threadfold/contracts"
import { type LineResult, PushResult } from "@threadfold/contracts/api"
import { hostileLines, namedUuid } from "@threadfold/testkit"
import Sqlite from "better-sqlite3"
import { Schema } from "effect"
import { expect, it } from "vitest"
import { document, temporary } from "../cli/program.js"
import { attach, type RunningServer, serve } from "../cli/server.js"

const seeds = Number(process.env.SEEDS ?? 50)
const count = Number(process.env.LINES ?? 2_000)
const firstSeed = Number(process.env.SEED ?? 1)
/** The server's limit of a line is a mebibyte. */
const longLine = 1024 * 1024 + 1
/** From this seed on the memory is compared: before it caches fill and code is compiled. */
const settled = 5
/** How much more the server may hold after the last seed, MiB: pages of the database in its caches, the shared events of streams. */
const growth = 64

const collect = fileURLToPath(new URL("../cli/child/collect.cjs", import.meta.url))
const decodeResults = Schema.decodeUnknownSync(Schema.parseJson(PushResult))

const rssOf = ({ pid }: RunningServer): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024

/** Pushes lines in bodies of other sizes each time. */
const pushAll = async (server: RunningServer, session: string, lines: readonly string[]): Promise<LineResult[]> => {
  const results: LineResult[] = []
  let size = 1
  for (let from = 0; from < lines.length; from += size, size = ((size * 7) % 613) + 1) {
    const answer = await server.call(`/v1/sessions/${session}/events`, {
      method: "POST",
      headers: { "content-type": "application/x-ndjson" },
      body: lines.slice(from, from + size).join("\n"),
    })
    expect(answer.status).toBe(200)
    results.push(...decodeResults(await answer.text()).results.map((one) => ({ ...one, line: one.line + from })))
  }
  return results
}

/** Asks the server something else all the while; the longest that it took, ms. */
const beside = async <A>(server: RunningServer, work: () => Promise<A>) => {
  let isOver = false
  let longest = 0
  const asking = (async () => {
    while (!isOver) {
      const since = performance.now()
      expect((await server.call("/livez")).status).toBe(200)
      longest = Math.max(longest, performance.now() - since)
    }
  })()
  try {
    return { result: await work(), longest }
  } finally {
    isOver = true
    await asking
  }
}

/** How many events the adapters have in the log; what follows from them is the server's to say, in its own time. */
const providersEvents = (directory: string): number => {
  const handle = new Sqlite(join(directory, "threadfold.db"), { readonly: true })
  try {
    return Number(handle.prepare("SELECT count(*) FROM events WHERE actor = 'provider'").pluck().get())
  } finally {
    handle.close()
  }
}

/** Asks once more where the connection was closed: it was idle while this process counted, and the server closes idle ones. */
const ask = (server: RunningServer, path: string): Promise<Response> => server.call(path).catch(() => server.call(path))

const conflictsOf = (results: readonly LineResult[]) =>
  results.flatMap(({ line, status }) => (status === "conflict" ? [line] : []))

it("hostile lines leave a sound log, sound rows and the memory that there was", async () => {
  const directory = join(temporary(), "data")
  const server = await serve(directory, [], { NODE_OPTIONS: `--expose-gc --require ${collect}` })
  const rss: number[] = []
  let lines = 0
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const session = namedUuid(`session ${seed}`)
    const said = hostileLines({ seed, count, longLine })
    lines += said.length
    await attach(server, session, `native ${seed}`)
    const first = await beside(server, () => pushAll(server, session, said))
    expect(first.result).toHaveLength(said.filter((line) => line.trim() !== "").length)
    const stored = providersEvents(directory)
    const again = await beside(server, () => pushAll(server, session, said))
    expect(providersEvents(directory)).toBe(stored)
    const others = again.result.filter(({ seq, status }) => seq !== null && !["duplicate", "conflict"].includes(status))
    expect(others).toEqual([])
    expect(conflictsOf(again.result)).toEqual(conflictsOf(first.result))
    for (const reason of ["fold-defect", "projection-frozen"]) {
      expect(await (await ask(server, `/v1/anomalies?reason=${reason}`)).json()).toMatchObject({ items: [] })
    }
    expect(await document(CheckReport, ["check", "--data-dir", directory])).toEqual({ ok: true, violations: [] })
    const report = await document(VerifyReport, ["verify", "--bytes", "--data-dir", directory])
    expect([report.ok, report.stale]).toEqual([true, []])
    rss.push(rssOf(server))
    const longest = Math.round(Math.max(first.longest, again.longest))
    console.log(
      `seed ${seed}: ${lines} lines, ${stored} events, ${Math.round(rss.at(-1) ?? 0)} MiB, others waited ${longest} ms`,
    )
  }
  if (rss.length > settled) expect((rss.at(-1) ?? 0) - (rss[settled - 1] ?? 0)).toBeLessThan(growth)
})
