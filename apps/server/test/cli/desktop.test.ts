/**
 * The server beside a desktop app, from the app's side: `DesktopHost` of the client over the built program. It is killed at random moments
 * while an agent works and a client streams; it is exchanged for another version; it ends with the app. `KILLS` and `SEED` in the
 * environment make it a soak.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { connect } from "@threadfold/client"
import {
  type DesktopHostOptions,
  type OpenDesktopHost,
  openDesktopHost,
  type Program,
} from "@threadfold/client/desktop"
import { CheckReport, VerifyReport } from "@threadfold/contracts"
import { databaseFile, ownerOf } from "@threadfold/event-log"
import { type FakeAgentScript, fakeAgent, isRunning, killProcess, readFakeAgentLog } from "@threadfold/testkit"
import Sqlite from "better-sqlite3"
import { Effect } from "effect"
import { build } from "esbuild"
import { describe, expect, it, onTestFinished, vi } from "vitest"
import { version } from "../../src/installed.js"
import { program as built, cleanEnv, document, temporary } from "./program.js"
import { serve } from "./server.js"

const kills = Number(process.env.KILLS ?? 4)
const seed = Number(process.env.SEED ?? 11)
const isLinux = existsSync("/proc/self/environ")

const program: Program = { command: process.execPath, args: [built], env: cleanEnv({}) }

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
const randomOf = (start: number) => {
  let state = start
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const until = (condition: () => boolean | Promise<boolean>) =>
  vi.waitUntil(condition, { timeout: 600_000, interval: 5 })

/** Lets the event loop turn so many times. */
const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Running processes that carry our mark of this log. */
const ofLog = (logId: string): readonly number[] =>
  readdirSync("/proc").flatMap((pid) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0")
      return environment.includes(`THREADFOLD_LOG=${logId}`) ? [Number(pid)] : []
    } catch {
      return []
    }
  })

/** A data directory whose agent is scripted. */
const directoryWith = (script: FakeAgentScript): string => {
  const directory = join(temporary(), "data")
  mkdirSync(directory, { mode: 0o700 })
  writeFileSync(
    join(directory, "threadfold.json"),
    JSON.stringify({ agents: { fake: { kind: "codex", ...fakeAgent(script) } } }),
  )
  return directory
}

const open = async (dataDir: string, more: Partial<DesktopHostOptions> = {}): Promise<OpenDesktopHost> => {
  const host = await openDesktopHost({ program, dataDir, readyMs: 600_000, stopMs: 600_000, ...more })
  onTestFinished(() => host.stop())
  return host
}

/** Streams all events of a server from the first one on, across its restarts. */
const streamAll = (client: ReturnType<typeof connect>) => {
  const seen: number[] = []
  const loop = client.events({ after: 0, backoffMs: [20, 200] })[Symbol.asyncIterator]()
  const ended = (async () => {
    for (let next = await loop.next(); !next.done; next = await loop.next()) {
      if (next.value.kind === "reset") throw new Error(`the stream began anew: ${next.value.reason}`)
      if (next.value.kind === "event") seen.push(next.value.event.sequence)
    }
  })()
  return {
    seen,
    /** Rejects where the stream has failed before. */
    stop: () => Promise.race([ended, loop.return?.()]),
  }
}

/** Nothing runs and nothing is locked; the log is sound, and the rows are what it leads to. */
const leftInGoodOrder = async (directory: string, logId: string): Promise<void> => {
  if (isLinux) expect(ofLog(logId)).toEqual([])
  expect(await Effect.runPromise(ownerOf(directory))).toEqual({ owned: false })
  const left = readdirSync(directory)
  expect([left.includes("owner.json"), left.includes("server.json")]).toEqual([false, false])
  expect(await document(CheckReport, ["check", "--data-dir", directory])).toEqual({ ok: true, violations: [] })
  expect(await document(VerifyReport, ["verify", "--data-dir", directory])).toMatchObject({ ok: true })
}

/** Waits until an agent has begun a turn. */
const started = async (client: ReturnType<typeof connect>): Promise<void> => {
  for await (const { kind } of client.events({ after: 0, types: ["turn.started"] })) if (kind === "event") return
}

const logIdOf = async (client: ReturnType<typeof connect>) => (await client.run((api) => api.readyz({}))).logId

describe("a server that an app keeps running", () => {
  it(`killed ${kills} times while an agent works and a client streams, loses and doubles nothing (seed ${seed})`, {
    timeout: 600_000 + kills * 60_000,
  }, async () => {
    const random = randomOf(seed)
    const log = join(temporary(), "agent.jsonl")
    const says = Array.from({ length: 10 }, (_, index) => ({ say: `Step ${index} of its work`, deltas: 6 }))
    const directory = directoryWith({
      log,
      ignoreStdinEnd: true,
      ignoreSigterm: true,
      turns: [[{ spawn: { ignoreSignals: true, ownGroup: true } }, ...says, { hang: true }]],
    })
    const host = await open(directory, { restarts: { steadyMs: 0, pauseMs: [1, 1] } })
    const { token, url } = await host.backend()
    const client = connect({ url, token }, { patienceMs: 3_600_000, backoffMs: [20, 200] })
    const logId = await logIdOf(client)
    const stream = streamAll(client)
    const killed: number[] = []
    const acknowledged: { readonly threadId: string; readonly text: string; readonly sequences: readonly number[] }[] =
      []
    let duringStart = 0

    const work = async (text: string): Promise<void> => {
      const created = await client.createThread({ agent: "fake", cwd: directory }, { idempotencyKey: `create ${text}` })
      const sent = await client.sendMessage(created.threadId, { text }, { idempotencyKey: `send ${text}` })
      acknowledged.push({ threadId: created.threadId, text, sequences: [created.sequence, sent.sequence] })
    }
    const kill = (pid: number): void => {
      killed.push(pid)
      killProcess(pid)
    }
    /** The process that has taken the directory, ready or not; null: none, or it has not said so. */
    const owner = (): number | null => {
      try {
        const { pid }: { readonly pid: number } = JSON.parse(readFileSync(join(directory, "owner.json"), "utf8"))
        return killed.includes(pid) ? null : pid
      } catch {
        return null
      }
    }

    for (let cycle = 0; killed.length < kills; cycle++) {
      const { pid, url: now } = await host.backend()
      if (killed.includes(pid)) {
        // Its end has not been noticed yet.
        await turns(1)
        continue
      }
      expect(now).toBe(url)
      const before = stream.seen.length
      const working = work(`message ${cycle}`)
      // Its thread, its session and all that the agent says are more events than this.
      const events = Math.floor(random() * 36)
      await until(() => stream.seen.length >= before + events)
      await turns(Math.floor(random() * 200))
      kill(pid)
      if (random() < 0.2 && killed.length < kills) {
        await until(() => owner() !== null)
        await turns(Math.floor(random() * 50))
        const starting = owner()
        if (starting !== null) {
          kill(starting)
          duringStart += 1
        }
      }
      await working
    }
    const last = Math.max(...acknowledged.flatMap(({ sequences }) => sequences))
    await until(() => (stream.seen.at(-1) ?? 0) >= last)
    // What the last one left running is ended by the next, once its end has been noticed.
    while (killed.includes((await host.backend()).pid)) await turns(1)
    await host.stop()
    await stream.stop()
    await leftInGoodOrder(directory, logId)
    expect(killed.filter(isRunning)).toEqual([])

    const handle = new Sqlite(databaseFile(directory), { readonly: true })
    const stored = handle.prepare<[number], number>("SELECT sequence FROM events WHERE sequence <= ? ORDER BY sequence")
    const requested = handle.prepare<[string], string>(
      "SELECT payload ->> '$.text' FROM events WHERE stream_id = ? AND type = 'turn.requested'",
    )
    const streamed = stream.seen.at(-1) ?? 0
    expect(stream.seen).toEqual(stored.pluck().all(streamed))
    const told = readFakeAgentLog(log).flatMap((entry) =>
      entry.is === "received" && entry.method === "turn/start" ? [JSON.stringify(entry.message)] : [],
    )
    for (const { text, threadId } of acknowledged) {
      expect(requested.pluck().all(threadId)).toEqual([text])
      expect([text, told.filter((message) => message.includes(`"${text}"`)).length <= 1]).toEqual([text, true])
    }
    expect(new Set(acknowledged.map(({ threadId }) => threadId)).size).toBe(acknowledged.length)
    handle.close()
    // Its figures are for a soak.
    if (process.env.KILLS === undefined) return
    console.log(
      `${killed.length} kills (${duringStart} of them during a start), ${acknowledged.length} messages acknowledged, ${told.length} of them reached the agent, ${stream.seen.length} events streamed`,
    )
  })

  it("is exchanged for another version under a stream, and the one before comes back where the new one fails", async () => {
    const directory = directoryWith({ turns: [[{ say: "Done" }]] })
    // The same program, with another version on its label.
    const home = join(temporary(), "next")
    mkdirSync(home)
    cpSync(join(built, ".."), join(home, "dist"), { recursive: true })
    symlinkSync(fileURLToPath(new URL("../../node_modules", import.meta.url)), join(home, "node_modules"))
    writeFileSync(join(home, "package.json"), JSON.stringify({ type: "module", version: "99.0.0" }))
    const host = await open(directory)
    const first = await host.backend()
    const client = connect(first, { patienceMs: 600_000 })
    const logId = await logIdOf(client)
    const stream = streamAll(client)
    const say = async (text: string) => {
      const { threadId } = await client.createThread({ agent: "fake", cwd: directory })
      const { turnId } = await client.sendMessage(threadId, { text })
      return (await client.waitForTurn(turnId ?? "")).outcome
    }
    expect(await say("before")).toBe("completed")
    const next = await host.upgrade({ ...program, args: [join(home, "dist", "threadfold.js")] })
    expect([first.version, next.version, next.url, isRunning(first.pid)]).toEqual([version, "99.0.0", first.url, false])
    const bad = { command: process.execPath, args: ["-e", "console.error('no such library'); process.exit(1)"] }
    await expect(host.upgrade(bad)).rejects.toMatchObject({ reason: "crashed", code: 1, said: "no such library\n" })
    const back = await host.backend()
    expect([back.version, back.url]).toEqual(["99.0.0", first.url])
    expect(await say("after")).toBe("completed")
    const { sequence } = await client.run((api) => api.threads.list({ urlParams: {} }))
    await until(() => (stream.seen.at(-1) ?? 0) >= sequence)
    await stream.stop()
    await host.stop()
    expect(new Set(stream.seen).size).toBe(stream.seen.length)
    const handle = new Sqlite(databaseFile(directory), { readonly: true })
    const stored = handle.prepare<[number], number>("SELECT sequence FROM events WHERE sequence <= ? ORDER BY sequence")
    expect(stream.seen).toEqual(stored.pluck().all(stream.seen.at(-1) ?? 0))
    handle.close()
    await leftInGoodOrder(directory, logId)
  })

  it("is refused or attached to where another process owns the directory, and takes its place when that one ends", async () => {
    const directory = join(temporary(), "data")
    const other = await serve(directory)
    await expect(open(directory)).rejects.toMatchObject({
      reason: "refused",
      code: 3,
      message: expect.stringContaining(`Process ${other.pid} on port ${new URL(other.url).port}`),
    })
    const host = await open(directory, { whenOwned: "attach", lookMs: 20, restarts: { pauseMs: [1, 1] } })
    const attached = await host.backend()
    expect(attached).toEqual({ url: other.url, token: other.token, pid: other.pid, version, attached: true })
    other.child.kill("SIGKILL")
    await other.ended
    await until(async () => (await host.backend()).pid !== other.pid)
    expect(await host.backend()).toMatchObject({ attached: false, token: other.token })
    await host.stop()
    expect(host.state()).toEqual({ status: "stopped" })

    const again = await serve(directory)
    const guest = await open(directory, { whenOwned: "attach" })
    expect((await guest.backend()).pid).toBe(again.pid)
    await guest.stop()
    expect((await again.call("/readyz")).status).toBe(200)
  })

  it.skipIf(!isLinux)("is killed where it does not end by itself, and the next one ends what it left", async () => {
    const directory = directoryWith({ ignoreStdinEnd: true, ignoreSigterm: true, turns: [[{ hang: true }]] })
    const host = await open(directory, { stopMs: 50 })
    const { pid, token, url } = await host.backend()
    const client = connect({ url, token })
    const logId = await logIdOf(client)
    const { threadId } = await client.createThread({ agent: "fake", cwd: directory })
    await client.sendMessage(threadId, { text: "hang" })
    // What was not delivered yet would be sent to a new agent by the next one.
    await started(client)
    process.kill(pid, "SIGSTOP")
    await host.stop()
    expect([isRunning(pid), ofLog(logId).length]).toEqual([false, 1])
    const next = await open(directory)
    expect(ofLog(logId)).toEqual([])
    await next.stop()
    await leftInGoodOrder(directory, logId)
  })

  it("is started so many times and no more, and says why", async () => {
    const states: string[] = []
    const failing = { command: process.execPath, args: ["-e", "console.error('out of luck'); process.exit(1)"] }
    const directory = join(temporary(), "data")
    await expect(open(directory, { program: failing, restarts: { most: 2, pauseMs: [1, 1] } })).rejects.toMatchObject({
      reason: "crashed",
      message: "The server ended unexpectedly (exit code 1).\nout of luck",
    })
    await expect(open(directory, { program: { command: join(directory, "none") } })).rejects.toMatchObject({
      reason: "not-found",
    })
    await expect(open(directory, { serveArgs: ["--no-such-option"] })).rejects.toMatchObject({
      reason: "refused",
      code: 2,
    })

    const host = await open(directory, { restarts: { most: 0, steadyMs: 600_000 } })
    host.onState(({ status }) => states.push(status))
    const { pid } = await host.backend()
    killProcess(pid)
    await until(() => states.includes("failed"))
    await expect(host.backend()).rejects.toMatchObject({ reason: "crashed", signal: "SIGKILL" })
    // The person presses "try again".
    expect((await host.upgrade(program)).pid).not.toBe(pid)
  })

  it.skipIf(!isLinux)("ends with an app that is killed, its agents with it", async () => {
    const directory = directoryWith({ turns: [[{ hang: true }]] })
    const folder = temporary()
    const outfile = join(folder, "app.mjs")
    await build({
      stdin: {
        contents: `import { openDesktopHost } from "@threadfold/client/desktop"
          const host = await openDesktopHost(JSON.parse(process.argv[2]))
          console.log(JSON.stringify(await host.backend()))`,
        resolveDir: fileURLToPath(new URL(".", import.meta.url)),
      },
      outfile,
      bundle: true,
      platform: "node",
      format: "esm",
      conditions: ["source"],
    })
    const app: ChildProcess = spawn(process.execPath, [outfile, JSON.stringify({ program, dataDir: directory })], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    onTestFinished(() => void app.kill("SIGKILL"))
    const { pid, token, url } = await new Promise<{ pid: number; token: string; url: string }>((resolve, reject) => {
      app.once("exit", (code) => reject(new Error(`the app ended with ${code}`)))
      if (app.stdout !== null) createInterface({ input: app.stdout }).once("line", (line) => resolve(JSON.parse(line)))
    })
    const client = connect({ url, token })
    const logId = await logIdOf(client)
    const { threadId } = await client.createThread({ agent: "fake", cwd: directory })
    await client.sendMessage(threadId, { text: "hang" })
    await started(client)
    expect(ofLog(logId).length).toBeGreaterThan(0)
    app.kill("SIGKILL")
    await until(() => !isRunning(pid))
    await leftInGoodOrder(directory, logId)
  })
})
