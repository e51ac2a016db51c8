/** `serve` and what shares a data directory with it, as processes. */
import { existsSync, readFileSync, statSync, symlinkSync } from "node:fs"
import { createServer } from "node:http"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { CheckReport, ImportReport, Stats, ThreadView, VerifyReport } from "@threadfold/contracts"
import { recordings } from "@threadfold/testkit"
import { Chunk, Effect, Option, Stream } from "effect"
import { describe, expect, it } from "vitest"
import { openReader } from "../../src/cli/reading.js"
import type { EventsQuery } from "../../src/offline/Reader.js"
import { built, document, ended, problemOf, start, temporary, threadfold, threadList } from "./program.js"
import { attach, push, serve, serveHere } from "./server.js"

const sessionId = "019aa000-0000-7000-8000-000000000001"

describe("serve --desktop", () => {
  it("says where it is on one line, keeps its secrets to its owner, and ends when standard input closes", async () => {
    const directory = join(temporary(), "data")
    const server = await serve(directory)
    expect(server.pid).toBe(server.child.pid)
    expect((await fetch(`${server.url}/livez`)).status).toBe(200)
    expect((await fetch(`${server.url}/v1/threads`)).status).toBe(401)
    expect((await server.call("/v1/threads")).status).toBe(200)
    expect(readFileSync(join(directory, "token"), "utf8").trim()).toBe(server.token)
    for (const file of ["token", "server.json", "threadfold.db"]) {
      expect([file, statSync(join(directory, file)).mode & 0o077]).toEqual([file, 0])
    }
    server.child.stdin?.end()
    expect(await server.ended).toBe(0)
    expect([existsSync(join(directory, "server.json")), existsSync(join(directory, "owner.json"))]).toEqual([
      false,
      false,
    ])
  })

  it("lets in the UIs that --allowed-origin names, and takes nothing else for an origin", async () => {
    for (const origin of ["null", "*", "http://localhost:5173/app"]) {
      const run = await threadfold(["serve", "--port", "0", "--allowed-origin", origin])
      expect([origin, run.code]).toEqual([origin, 2])
      expect(run.stderr).toContain("--allowed-origin takes what a browser sends")
    }
    const ui = "http://localhost:5173"
    const server = await serve(join(temporary(), "data"), ["--allowed-origin", ui, "--allowed-origin", "app://desk"])
    for (const [origin, status] of [
      [ui, 200],
      ["app://desk", 200],
      ["http://localhost:5174", 403],
    ] as const) {
      const answer = await server.call("/v1/threads", { headers: { origin } })
      expect([origin, answer.status]).toEqual([origin, status])
      expect(answer.headers.get("access-control-allow-origin")).toBe(status === 200 ? origin : null)
    }
    server.child.stdin?.end()
    expect(await server.ended).toBe(0)
  })

  it("writes a line for a refused call on standard error, or none with --access-log off", async () => {
    for (const [args, written] of [
      [[], true],
      [["--access-log", "off"], false],
    ] as const) {
      const server = await serve(join(temporary(), "data"), args)
      let said = ""
      server.child.stderr?.on("data", (text: string) => {
        said += text
      })
      expect((await fetch(`${server.url}/v1/threads`)).status).toBe(401)
      server.child.stdin?.end()
      expect(await server.ended).toBe(0)
      expect([args, said.includes('"status":401')]).toEqual([args, written])
    }
  })

  it("ends in good order at SIGTERM and SIGINT, streams open or not", async () => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const server = await serve(join(temporary(), "data"))
      const stream = await server.call("/v1/events", { headers: { accept: "text/event-stream" } })
      const body = stream.text()
      server.child.kill(signal)
      expect([signal, await server.ended]).toEqual([signal, 0])
      expect(await body).toContain("event: synced")
    }
  })

  it("loads the example into an empty log, once", async () => {
    const directory = join(temporary(), "data")
    for (const _start of [1, 2]) {
      const server = await serveHere(directory, { loadExample: true })
      await server.stop()
    }
    const stats = await document(Stats, ["stats", "--data-dir", directory])
    expect([stats.threads, stats.events]).toEqual([1, stats.lastSequence])
  })
})

describe("the address", () => {
  it("is refused where other machines could reach it, before anything is made", async () => {
    const directory = join(temporary(), "data")
    const run = await threadfold(["serve", "--host", "0.0.0.0", "--data-dir", directory])
    expect([run.code, existsSync(directory)]).toEqual([2, false])
    expect(run.stderr).toContain("--allow-remote")
  })

  it("is exactly the port that was asked for, or none", async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve))
    const address = taken.address()
    const port = typeof address === "object" && address !== null ? String(address.port) : ""
    const run = await threadfold(["serve", "--port", port, "--data-dir", join(temporary(), "data")])
    taken.close()
    expect([run.code, run.stdout]).toEqual([3, ""])
    expect(run.stderr).toContain(port)
  })
})

describe("commands beside a server", () => {
  it("go through it, or look at a copy, and say the same as without it", async () => {
    const directory = join(temporary(), "data")
    const where = ["--data-dir", directory]
    await document(ImportReport, [
      "import",
      "codex-app-server",
      ...recordings.slice(0, 3).map(({ path }) => path),
      ...where,
    ])
    /** What the reading commands print, read in this process by their reader: from the file, or from its server. */
    const looks = openReader({ db: Option.none(), dataDir: Option.some(directory) }).pipe(
      Effect.flatMap((reader) =>
        Effect.gen(function* () {
          const lines = (query: EventsQuery) =>
            Effect.map(Stream.runCollect(reader.events(query)), Chunk.toReadonlyArray)
          const { threads } = yield* reader.threads({ limit: null })
          const { byType, events, threads: count } = yield* reader.stats({ byType: true })
          return {
            threads,
            first: yield* reader.thread(threads[0]?.threadId ?? "", true),
            events: yield* lines({ limit: null, native: true }),
            newest: yield* lines({ limit: 20, newest: true }),
            types: yield* lines({ limit: null, types: ["turn.started"], after: 20 }),
            stats: { byType, events, threads: count },
          }
        }),
      ),
      Effect.scoped,
    )
    const without = await Effect.runPromise(looks)
    const proofs = async () => [
      await document(CheckReport, ["check", ...where]),
      await document(VerifyReport, ["verify", ...where]),
    ]
    const proven = await proofs()
    const { thread, turns } = without.first
    const moments = async () => {
      const said = []
      for (const args of [
        ["at", thread.threadId, "--sequence", String(without.first.sequence - 9), "--json"],
        ["at", thread.threadId, "--turn", turns.at(-1)?.turnId ?? ""],
        ["diff", thread.threadId, "--from", String(without.first.sequence - 15), "--to", "999999", "--json"],
      ]) {
        const { code, stderr, stdout } = await threadfold([...args, ...where])
        expect(stderr).not.toContain("copy")
        said.push([code, stdout])
      }
      return said
    }
    const then = await moments()
    expect(then.map(([code]) => code)).toEqual([0, 0, 0])
    const server = await serveHere(directory)
    expect(await moments()).toEqual(then)
    expect(await Effect.runPromise(looks)).toEqual(without)
    expect((await document(threadList(ThreadView), ["threads", ...where])).threads).toEqual(without.threads)
    expect(await proofs()).toEqual(proven)
    expect(proven).toMatchObject([{ ok: true }, { ok: true }])
    const missing = await threadfold(["thread", "ffffffff", ...where, "--json"])
    expect([missing.code, problemOf(missing).type]).toEqual([2, "urn:threadfold:problem:thread-not-found"])
    await server.stop()
  })

  it("tail prints what comes, and ends with the server", async () => {
    const directory = join(temporary(), "data")
    const server = await serve(directory)
    await attach(server, sessionId, "tailed")
    const tail = start(["tail", "--json", "--data-dir", directory])
    const whole = ended(tail)
    if (tail.stdout === null) throw new Error("no standard output")
    const lines: { readonly type: string; readonly payload: unknown }[] = []
    const seen = new Promise<void>((resolve) => {
      createInterface({ input: tail.stdout ?? process.stdin }).on("line", (line) => {
        lines.push(JSON.parse(line))
        // The session is history by now: what follows is told while tail listens.
        if (lines.at(-1)?.type === "session.started") {
          void push(server, sessionId, [warning(1), warning(2)])
        }
        if (lines.filter(({ type }) => type === "runtime.warning").length === 2) resolve()
      })
    })
    await seen
    server.child.stdin?.end()
    expect(await server.ended).toBe(0)
    expect((await whole).code).toBe(0)
    const after = await threadfold(["tail", "--json", "--data-dir", directory])
    expect([after.code, after.stdout.trimEnd().split("\n").length]).toEqual([0, lines.length])
    expect(after.stderr).toContain("No server runs")
  })
})

const warning = (seq: number) => ({
  type: "runtime.warning",
  channel: "adapter:test",
  seq,
  at: 1_760_000_000_000 + seq,
  payload: { message: `warning ${seq}` },
})

describe("two processes, one directory (scenario 12)", () => {
  it("the second one, also by another path, ends with 3 and names pid and port", async () => {
    const parent = temporary()
    const directory = join(parent, "data")
    const server = await serve(directory)
    const link = join(parent, "link")
    symlinkSync(directory, link)
    const run = await built(["serve", "--data-dir", link])
    expect([run.code, run.stdout]).toEqual([3, ""])
    expect(run.stderr).toContain(`Process ${server.pid} on port ${new URL(server.url).port}`)
    // After a kill the next start just works, whatever files the killed one left.
    server.child.kill("SIGKILL")
    await server.ended
    expect(existsSync(join(directory, "server.json"))).toBe(true)
    const next = await serve(directory)
    expect((await next.call("/readyz")).status).toBe(200)
    next.child.stdin?.end()
    expect(await next.ended).toBe(0)
  })

  it("of two that start at once exactly one serves", async () => {
    const directory = join(temporary(), "data")
    const [one, two] = await Promise.allSettled([serve(directory), serve(directory)])
    const serving = [one, two].filter((each) => each.status === "fulfilled")
    expect(serving).toHaveLength(1)
    for (const each of [one, two]) if (each.status === "rejected") expect(String(each.reason)).toContain("ended with 3")
    for (const each of serving) {
      each.value.child.stdin?.end()
      expect(await each.value.ended).toBe(0)
    }
  })

  it("of four writers at once each one wrote or says that it could not", async () => {
    const directory = join(temporary(), "data")
    const files = recordings.slice(0, 4).map(({ path }) => path)
    const runs = await Promise.all(
      files.map((file) => built(["import", "codex-app-server", file, "--data-dir", directory, "--json"])),
    )
    const wrote = files.filter((_file, index) => runs[index]?.code === 0)
    for (const run of runs) {
      expect([0, 3]).toContain(run.code)
      expect(run.stderr).not.toMatch(/locked|SQLITE_BUSY/)
      if (run.code === 3) expect(problemOf(run).type).toBe("urn:threadfold:problem:data-directory-owned")
    }
    expect(wrote.length).toBeGreaterThan(0)
    const again = await document(ImportReport, ["import", "codex-app-server", ...wrote, "--data-dir", directory])
    expect(again.events).toBe(0)
    expect((await document(VerifyReport, ["verify", "--data-dir", directory])).ok).toBe(true)
  })
})
