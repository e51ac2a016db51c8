import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { spawnChild } from "../test/child/spawnChild.js"
import { ownerFile } from "./DataDirectory.js"
import { acquireOwnership, openSqlite, ownerOf } from "./index.js"
import { tryLock } from "./OwnerLock.js"
import { identityOf, isRunning } from "./ProcessIdentity.js"

let root = ""
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "threadfold-owner-"))
})
afterEach(() => rmSync(root, { recursive: true }))

const mode = (path: string) => statSync(path).mode & 0o777

it.scopedLive("gives the directory to one process, and the other gets pid and port of the owner", () =>
  Effect.gen(function* () {
    const directory = join(root, "data")
    const { announcePort } = yield* acquireOwnership(directory, { version: "1.2.3" })
    yield* announcePort(8080)
    const problem = yield* Effect.flip(acquireOwnership(directory))
    expect(problem._tag).toBe("DataDirectoryOwned")
    expect(problem.message).toContain(`${process.pid}`)
    expect(problem.message).toContain("8080")
    expect((yield* Effect.flip(openSqlite({ file: join(directory, "threadfold.db") })))._tag).toBe(problem._tag)
    expect(existsSync(join(directory, "threadfold.db"))).toBe(false)
    expect(yield* ownerOf(directory)).toMatchObject({
      owned: true,
      owner: { pid: process.pid, port: 8080, version: "1.2.3" },
    })
    expect([directory, join(directory, "owner.lock"), ownerFile(directory)].map(mode)).toEqual([0o700, 0o600, 0o600])
  }),
)

it.scopedLive("is one lock however the directory is reached", () =>
  Effect.gen(function* () {
    const real = join(root, "real")
    const link = join(root, "link")
    mkdirSync(real)
    symlinkSync(real, link)
    const { directory } = yield* acquireOwnership(link)
    expect(directory).toBe(realpathSync(real))
    expect((yield* Effect.flip(acquireOwnership(real)))._tag).toBe("DataDirectoryOwned")
    expect((yield* ownerOf(link)).owned).toBe(true)
  }),
)

it.live("is given back with its scope", () =>
  Effect.gen(function* () {
    yield* Effect.scoped(acquireOwnership(root))
    expect(yield* ownerOf(root)).toEqual({ owned: false })
    expect(existsSync(ownerFile(root))).toBe(false)
    yield* Effect.scoped(acquireOwnership(root))
  }),
)

it.live("does not believe the record of a process that is gone", () =>
  Effect.gen(function* () {
    const stale = { ...identityOf(process.pid), startTicks: 1, port: 1, version: null, startedAt: 0 }
    expect(isRunning(stale)).toBe(false)
    writeFileSync(ownerFile(root), JSON.stringify(stale))
    expect(yield* ownerOf(root)).toEqual({ owned: false })
    yield* Effect.scoped(acquireOwnership(root))
  }),
)

it.scoped("reports no pid while the owner has not written its record", () =>
  Effect.gen(function* () {
    yield* acquireOwnership(root)
    const gone = { ...identityOf(process.pid), startTicks: 1, port: 1, version: null, startedAt: 0 }
    for (const record of [JSON.stringify(gone), "{ half a rec"]) {
      writeFileSync(ownerFile(root), record)
      expect(yield* ownerOf(root)).toEqual({ owned: true, owner: null })
      const attempt = yield* Effect.fork(Effect.flip(acquireOwnership(root)))
      yield* TestClock.adjust("5 seconds")
      const problem = yield* Fiber.join(attempt)
      expect(problem._tag).toBe("DataDirectoryOwned")
      expect(problem.message).not.toContain("Process")
    }
  }),
)

it.scoped("waits for an owner that is just going", () =>
  Effect.gen(function* () {
    const unlock = tryLock(realpathSync(root))
    const attempt = yield* Effect.fork(acquireOwnership(root))
    yield* TestClock.adjust("100 millis")
    expect(attempt.unsafePoll()).toBeNull()
    unlock?.()
    yield* TestClock.adjust("100 millis")
    expect((yield* Fiber.join(attempt)).directory).toBe(realpathSync(root))
  }),
)

it.live("leaves the modes of a directory that has other things in it", () =>
  Effect.gen(function* () {
    const directory = join(root, "shared")
    mkdirSync(directory, { mode: 0o755 })
    writeFileSync(join(directory, "notes"), "mine")
    yield* Effect.scoped(acquireOwnership(directory))
    expect(mode(directory)).toBe(0o755)
  }),
)

it.live("is free at once when its process is killed", () =>
  Effect.gen(function* () {
    const child = spawnChild("own", root)
    yield* Effect.promise(async () => {
      for await (const line of child.lines) if (line === "owned") return
    })
    const problem = yield* Effect.flip(Effect.scoped(acquireOwnership(root)))
    expect(problem.message).toContain(`${child.process.pid}`)
    expect(problem.message).toContain("4321")
    expect(yield* ownerOf(root)).toMatchObject({ owned: true, owner: { version: "9.9.9" } })
    child.process.kill("SIGKILL")
    yield* Effect.promise(() => child.gone)
    expect(existsSync(ownerFile(root))).toBe(true)
    expect(yield* ownerOf(root)).toEqual({ owned: false })
    yield* Effect.scoped(acquireOwnership(root))
  }),
)

it.live("goes to exactly one of several that start at the same instant", () =>
  Effect.promise(async () => {
    const children = [1, 2, 3].map(() => spawnChild("own", root))
    const first = await Promise.race(
      children.map(async (child) => {
        for await (const line of child.lines) if (line === "owned") return child
        return new Promise<never>(() => undefined)
      }),
    )
    const losers = children.filter((child) => child !== first)
    for (const loser of losers) {
      const errors = await loser.errors
      await loser.gone
      expect(loser.process.exitCode).toBe(1)
      expect(errors).toContain(`Process ${first.process.pid} `)
    }
    first.process.kill("SIGKILL")
    await first.gone
  }),
)
