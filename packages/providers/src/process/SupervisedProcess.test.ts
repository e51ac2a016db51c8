import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { killProcess } from "@threadfold/testkit"
import { Effect, Either, Exit, Option, Scope } from "effect"
import { openFiles, runScript, stubborn } from "../../test/support/processes.js"
import { childEnvironment } from "./childEnvironment.js"
import { endTree } from "./endTree.js"
import { makeLineTransport } from "./LineTransport.js"
import { markedProcesses } from "./marks.js"
import { type ProcessIdentity, processTable, stillRunning } from "./ProcessTable.js"
import { withTrustedPath } from "./programs.js"
import { supervise } from "./SupervisedProcess.js"

const mark = "THREADFOLD_TEST"
const marked = (name: string) => ({ [mark]: `${name}-${process.pid}` })
const left = (name: string) => markedProcesses(mark, `${name}-${process.pid}`)

/** Reads until a line satisfies; lines before it are skipped. */
const until = (run: Effect.Effect.Success<ReturnType<typeof runScript>>, start: string) =>
  Effect.gen(function* () {
    for (;;) {
      const lines = yield* run.transport.read
      if (lines === null) return yield* Effect.dieMessage(`it ended before it said ${start}`)
      const found = lines.find((line) => line.startsWith(start))
      if (found !== undefined) return found.slice(start.length)
    }
  })

/** Reads to the end. */
const transportEnds = (run: Effect.Effect.Success<ReturnType<typeof runScript>>) =>
  Effect.gen(function* () {
    for (let lines = yield* run.transport.read; lines !== null; ) lines = yield* run.transport.read
    return true
  })

/** Starts another program of its own group, with or without the environment it has, and says its id. */
const escaping = (env: string, script: string) => `
  const { spawn } = require("node:child_process")
  const child = spawn(process.execPath, ["-e", ${JSON.stringify(`${script}; console.log("up")`)}], {
    detached: true, env: ${env}, stdio: ["ignore", "pipe", "inherit"] })
  child.stdout.once("data", () => console.log("child " + child.pid))
  setInterval(() => {}, 1e6)`

const identified = (pid: number): Effect.Effect<readonly ProcessIdentity[]> =>
  Effect.map(processTable, ({ entries }) => entries.filter((entry) => entry.pid === pid))

describe("a supervised process", () => {
  it.scopedLive("talks in lines, both ways, and says how it ended", () =>
    Effect.gen(function* () {
      const { process, transport } = yield* runScript(`process.stdin.pipe(process.stdout)`)
      yield* transport.post("ä first")
      yield* transport.post("")
      yield* transport.post("second")
      const lines: string[] = []
      while (lines.length < 2) lines.push(...((yield* transport.read) ?? []))
      expect(lines).toEqual(["ä first", "second"])
      expect(process.exited()).toEqual(Option.none())
      process.stdin.end()
      expect(yield* transport.read).toBeNull()
      expect(yield* process.exit).toEqual({ code: 0, signal: null, asked: false })
      expect(process.exited()).toEqual(Option.some({ code: 0, signal: null, asked: false }))
    }),
  )

  it.scopedLive("waits while its output is not read, and loses no line", () =>
    Effect.gen(function* () {
      const { process, transport } = yield* runScript(
        `for (let i = 0; i < 40000; i++) require("node:fs").writeSync(1, "line " + i + " ".repeat(90) + "\\n")`,
      )
      let next = 0
      let most = 0
      for (let lines = yield* transport.read; lines !== null; lines = yield* transport.read) {
        for (const line of lines) expect(line.trimEnd()).toBe(`line ${next++}`)
        most = Math.max(most, process.stdout.readableLength)
      }
      expect(next).toBe(40_000)
      expect(most).toBeLessThan(256 * 1024)
    }),
  )

  it.scopedLive("loses nothing when a reader gives up and comes again", () =>
    Effect.gen(function* () {
      const { transport } = yield* runScript(`process.stdin.pipe(process.stdout)`)
      const waiting = yield* Effect.fork(transport.read)
      yield* Effect.yieldNow()
      yield* Effect.fromFiber(waiting).pipe(Effect.timeoutOption(0))
      yield* transport.post("kept")
      expect(yield* transport.read).toEqual(["kept"])
    }),
  )

  it.scopedLive("gets what programs need, what it is given, and nothing else of ours", () =>
    Effect.gen(function* () {
      const run = yield* runScript(`console.log("env " + JSON.stringify(process.env))`, {
        env: { GIVEN: "g" },
        marks: marked("env"),
      })
      const env: Record<string, string> = JSON.parse(yield* until(run, "env "))
      expect(env).toMatchObject({ ...withTrustedPath({ PATH: process.env.PATH ?? "" }), GIVEN: "g", ...marked("env") })
      expect(env).not.toHaveProperty("VITEST")
    }),
  )

  it("gets a variable of ours by name, and marks win over all", () => {
    const parent = { PATH: "/bin", https_proxy: "p", LC_ALL: "C", XDG_DATA_HOME: "/d", AWS_SECRET: "s", MY_KEY: "k" }
    expect(
      childEnvironment(parent, { env: { PATH: "/other", M: "env" }, inherit: ["MY_KEY"], marks: { M: "mark" } }),
    ).toEqual({ PATH: "/other", https_proxy: "p", LC_ALL: "C", XDG_DATA_HOME: "/d", MY_KEY: "k", M: "mark" })
  })

  it.scopedLive("is asked to end by SIGTERM and the end of its input", () =>
    Effect.gen(function* () {
      const run = yield* runScript(
        `process.on("SIGTERM", () => process.exit(7)); setInterval(() => {}, 1e6); console.log("up")`,
      )
      yield* until(run, "up")
      yield* run.process.stop
      expect(run.process.exited()).toEqual(Option.some({ code: 7, signal: null, asked: true }))
    }),
  )

  it.scopedLive.skipIf(process.platform === "win32")("is killed after the grace period when it does not listen", () =>
    Effect.gen(function* () {
      const run = yield* runScript(`${stubborn} console.log("up")`, { graceMs: 50 })
      yield* until(run, "up")
      yield* Effect.all([run.process.stop, run.process.stop], { concurrency: 2 })
      expect(run.process.exited()).toEqual(Option.some({ code: null, signal: "SIGKILL", asked: true }))
      yield* run.process.stop
    }),
  )

  it.scopedLive("is stopped to the end even if the caller is interrupted", () =>
    Effect.gen(function* () {
      const run = yield* runScript(`${stubborn} console.log("up")`, { graceMs: 50 })
      yield* until(run, "up")
      yield* Effect.timeoutOption(run.process.stop, 1)
      expect(yield* run.process.exit).toMatchObject({ asked: true })
    }),
  )

  for (const [kept, env] of [
    ["its marks", "process.env"],
    ["nothing of us", "{}"],
  ] as const) {
    it.scopedLive.skipIf(process.platform === "win32")(`takes with it a child that left its group with ${kept}`, () =>
      Effect.gen(function* () {
        const run = yield* runScript(escaping(env, stubborn), { graceMs: 50, marks: marked("escape") })
        const child = yield* identified(Number(yield* until(run, "child ")))
        expect(child).toHaveLength(1)
        yield* run.process.stop
        expect(yield* stillRunning(child)).toEqual([])
        expect(yield* left("escape")).toEqual([])
      }),
    )
  }

  it.scopedLive.skipIf(process.platform === "win32")("that is killed leaves no process behind either", () =>
    Effect.gen(function* () {
      const run = yield* runScript(escaping("process.env", stubborn), { graceMs: 50, marks: marked("killed") })
      const child = yield* identified(Number(yield* until(run, "child ")))
      expect((yield* left("killed")).map(({ marks }) => marks)).toEqual([marked("killed"), marked("killed")])
      killProcess(run.process.pid)
      expect(yield* run.process.exit).toEqual({ code: null, signal: "SIGKILL", asked: false })
      yield* run.process.gone
      expect(yield* stillRunning(child)).toEqual([])
      expect(yield* transportEnds(run)).toBe(true)
    }),
  )

  it.scopedLive.skipIf(process.platform === "win32")("is over though an escaped process holds its output open", () =>
    Effect.gen(function* () {
      const script = `
        const { spawn } = require("node:child_process")
        const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 86400000)"], {
          detached: true, env: {}, stdio: ["ignore", "inherit", "ignore"] })
        console.log("child " + child.pid)
        process.exit(0)`
      const run = yield* runScript(script)
      const child = Number(yield* until(run, "child "))
      yield* Effect.addFinalizer(() => Effect.sync(() => killProcess(child)))
      expect(yield* transportEnds(run)).toBe(true)
      expect(run.process.exited()).toMatchObject({ value: { code: 0 } })
      expect(yield* identified(child)).toHaveLength(1)
    }),
  )

  it.live.skipIf(process.platform !== "linux")("costs no open file, forty times over", () =>
    Effect.gen(function* () {
      const cycle = Effect.scoped(
        Effect.gen(function* () {
          const { transport } = yield* runScript("", { command: "/bin/cat", args: [], marks: marked("cycles") })
          yield* transport.post("x")
          expect(yield* transport.read).toEqual(["x"])
        }),
      )
      yield* cycle
      const before = openFiles()
      yield* Effect.repeatN(cycle, 39)
      // Other tests may open one or two; a leak is forty.
      expect(openFiles()).toBeLessThan(before + 10)
      expect(yield* left("cycles")).toEqual([])
    }),
  )

  it.scopedLive("that cannot be started says why, and what to do", () =>
    Effect.gen(function* () {
      const directory = mkdtempSync(join(tmpdir(), "threadfold-"))
      yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(directory, { recursive: true })))
      const plain = join(directory, "plain")
      writeFileSync(plain, "")
      const why = (options: { readonly command: string; readonly cwd?: string }) =>
        Effect.map(Effect.either(supervise({ provider: "test", args: [], ...options })), (either) =>
          Either.isLeft(either) ? either.left.message : "started",
        )
      expect(yield* why({ command: "threadfold-no-such-command" })).toBe(
        "The command threadfold-no-such-command was not found. Install it, or set its full path as the command of this provider.",
      )
      expect(yield* why({ command: plain })).toContain("may not be executed")
      expect(yield* why({ command: process.execPath, cwd: join(directory, "nowhere") })).toContain("does not exist")
      expect(yield* why({ command: "/a\0b" })).toContain("could not be started")
    }),
  )

  it.scopedLive.skipIf(process.platform === "win32")("runs no program of the folder that it works in", () =>
    Effect.gen(function* () {
      const directory = realpathSync(mkdtempSync(join(tmpdir(), "threadfold-")))
      yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(directory, { recursive: true })))
      const clone = join(directory, "clone")
      const bin = join(directory, "bin")
      const put = (folder: string, name: string, text: string) => {
        mkdirSync(folder, { recursive: true })
        writeFileSync(join(folder, name), text, { mode: 0o755 })
      }
      for (const name of ["agent", "node"]) put(clone, name, "#!/bin/sh\necho foreign $0")
      put(bin, "agent", `#!/usr/bin/env node\nconsole.log("ours " + process.cwd())`)
      symlinkSync(process.execPath, join(bin, "node"))
      const first = (PATH: string) =>
        Effect.flatMap(
          runScript("", { command: "agent", args: [], cwd: clone, env: { PATH } }),
          ({ transport }) => transport.read,
        )
      for (const foreign of ["", ".", "./", clone, join(clone, "..", "clone")]) {
        expect(yield* first(`${foreign}:${bin}`)).toEqual([`ours ${clone}`])
        const refused = yield* Effect.flip(first(foreign))
        expect(refused).toMatchObject({
          _tag: "ConnectionLost",
          message: expect.stringMatching(/not found|no program is run from/),
        })
      }
    }),
  )

  it.scopedLive("shows its last words without the secrets it was given", () =>
    Effect.gen(function* () {
      const { process } = yield* runScript(`console.error("bad key " + process.env.MY_API_KEY); process.exitCode = 3`, {
        env: { MY_API_KEY: "sk-very-secret" },
      })
      yield* process.gone
      expect(process.lastWords()).toBe("bad key [removed]")
      const { process: long } = yield* runScript(
        `console.error("x".repeat(100) + process.env.MY_API_KEY + "y".repeat(40))`,
        { env: { MY_API_KEY: "sk-very-secret" }, stderrBytes: 50 },
      )
      yield* long.gone
      expect(long.lastWords()).toMatch(/^y+$/)
    }),
  )

  it.scopedLive("that is gone, or does not read, takes no input", () =>
    Effect.gen(function* () {
      const ended = yield* runScript(`console.error("oh no"); process.exitCode = 3`)
      yield* ended.process.gone
      const lost = yield* Effect.flip(ended.transport.post("x"))
      expect(lost.message).toBe("The agent ended with code 3. Start the session again. It last wrote: oh no")
      const idle = yield* runScript(`setInterval(() => {}, 1e6)`)
      const big = yield* Effect.fork(idle.transport.post("x".repeat(9 * 1024 * 1024)))
      yield* Effect.yieldNow()
      expect((yield* Effect.flip(idle.transport.post("x"))).message).toContain("does not read its input")
      yield* idle.process.stop
      expect((yield* Effect.flip(Effect.fromFiber(big))).message).toContain("was stopped")
    }),
  )

  it.scopedLive("that never ends its line is cut off", () =>
    Effect.gen(function* () {
      const process = yield* supervise({
        provider: "test",
        command: globalThis.process.execPath,
        args: ["-e", `process.stdout.write("ok\\n" + "x".repeat(1e6))`],
      })
      const transport = yield* makeLineTransport(process, { provider: "test", maxLineBytes: 1_000 })
      const failure = yield* Effect.flip(Effect.forever(transport.read))
      expect(failure).toMatchObject({ _tag: "LineTooLong", limit: 1_000 })
    }),
  )
})

describe("the end of a tree", () => {
  it.scopedLive.skipIf(process.platform === "win32")("never touches a process that merely has the id", () =>
    Effect.gen(function* () {
      const run = yield* runScript(`setInterval(() => {}, 1e6); console.log("up")`)
      yield* until(run, "up")
      const found = yield* identified(run.process.pid)
      const others = found.map(({ pid, startTicks }) => ({ pid, startTicks: startTicks - 1 }))
      expect(yield* endTree({ find: stillRunning(others), graceMs: 50 })).toEqual([])
      let asked = 0
      const stale = Effect.sync(() => (asked++ === 0 ? others : []))
      expect(yield* endTree({ find: stale, graceMs: 50 })).toEqual([])
      expect(yield* stillRunning(found)).toHaveLength(1)
    }),
  )

  it.live("closes with the scope", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const run = yield* Scope.extend(runScript(`setInterval(() => {}, 1e6); console.log("up")`), scope)
      yield* until(run, "up")
      yield* Scope.close(scope, Exit.void)
      expect(run.process.exited()).toMatchObject({ value: { asked: true } })
      expect(run.process.stdout.destroyed && run.process.stdin.destroyed).toBe(true)
    }),
  )
})
