/** Starts that fail, and programs that are no agent: what a person reads of them, and that nothing is left behind. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { installedAgent } from "@threadfold/testkit"
import { Effect } from "effect"
import { markedProcesses } from "../../process/marks.js"
import { watch } from "../../testing/Watched.js"
import { type ClaudeConfig, makeClaudeDriver } from "./ClaudeDriver.js"

const claude = installedAgent("claude")
const ours = "0199aaaa-0000-7000-8000-000000000001"
const secret = "a-value-that-must-stay-secret"

const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "threadfold-claude-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
)

let connections = 0

/** Tries to start a thread with this program in the agent's place. */
const attempt = (program: string, config: ClaudeConfig = {}) =>
  Effect.gen(function* () {
    const folder = yield* temporary
    const file = join(folder, "program.mjs")
    writeFileSync(file, program)
    connections += 1
    const value = `${process.pid}-${connections}`
    const sdk = claude.installed ? { sdk: claude.module } : {}
    const driver = makeClaudeDriver({ ...sdk, command: file, env: { SOME_TOKEN: secret }, ...config })
    const connection = yield* driver.connect({ connectionId: value, marks: { THREADFOLD_LIFE: value }, cwd: folder })
    const watched = yield* watch(connection)
    const failure = yield* Effect.flip(connection.startThread({ threadId: ours }))
    const events = yield* watched.ended
    expect(yield* markedProcesses("THREADFOLD_LIFE", value)).toEqual([])
    expect(JSON.stringify([failure, failure.toString(), events])).not.toContain(secret)
    const types = events.map(({ event }) => event.type).filter((type) => type !== "provider.unmapped")
    return { connection, failure, types }
  })

describe("without the SDK", () => {
  it.scopedLive("nothing starts, and it says what to install", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const driver = makeClaudeDriver({ sdk: join(folder, "nowhere") })
      const lost = yield* Effect.flip(driver.connect({ connectionId: "c", marks: {} }))
      expect(lost).toMatchObject({ _tag: "ConnectionLost", provider: "claude" })
      expect(lost.message).toBe(
        `There is no Claude Agent SDK at ${join(folder, "nowhere")}. Correct the sdk of this provider.`,
      )
    }),
  )

  it.scopedLive("a module that is something else is refused", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const connect = (name: string, text: string) => {
        const file = join(folder, name)
        writeFileSync(file, text)
        const driver = makeClaudeDriver({ sdk: file })
        return Effect.map(Effect.flip(driver.connect({ connectionId: "c", marks: {} })), ({ message }) => message)
      }
      expect(yield* connect("other.mjs", "export const a = 1")).toContain("is not the Claude Agent SDK")
      expect(yield* connect("broken.mjs", "throw new Error('out of order')")).toContain("out of order")
    }),
  )

  it.scopedLive("an older one that offers less is distinguished from the right one", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const file = join(folder, "old.mjs")
      writeFileSync(file, "export const query = () => ({})")
      const connection = yield* makeClaudeDriver({ sdk: file }).connect({ connectionId: "c", marks: {} })
      const lost = yield* Effect.flip(connection.startThread({ threadId: ours }))
      expect(lost).toMatchObject({ _tag: "ConnectionLost", message: expect.stringContaining("too old") })
    }),
  )
})

const title = claude.installed ? "a program that is no agent" : `a program that is no agent (skipped: ${claude.reason})`

describe.skipIf(!claude.installed)(title, () => {
  it.scopedLive("that ends at once is reported with its last words, without the secrets of its environment", () =>
    Effect.gen(function* () {
      const { failure, types } = yield* attempt("console.error('no good', process.env.SOME_TOKEN); process.exit(3)")
      expect(failure).toMatchObject({ _tag: "ConnectionLost", provider: "claude" })
      expect(failure.toString()).toContain("The agent ended with code 3.")
      expect(failure.toString()).toContain("no good [removed]")
      expect(types).toEqual(["connection.opened", "connection.closed"])
    }),
  )

  it.scopedLive("that never answers is ended when its time is over", () =>
    Effect.gen(function* () {
      const silent = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"
      const { failure, types } = yield* attempt(silent, { limits: { startMs: 400, graceMs: 100 } })
      expect(failure).toMatchObject({ _tag: "TimedOut", operation: "start-thread", afterMs: 400 })
      expect(types).toEqual(["connection.opened", "connection.closed"])
    }),
  )

  it.scopedLive("that refuses the first request is reported in its own words", () =>
    Effect.gen(function* () {
      const refusing = `
        process.stdin.once("data", (line) => {
          const { request_id } = JSON.parse(String(line))
          console.log(JSON.stringify({ type: "control_response", response: { subtype: "error", request_id, error: "not today" } }))
        })`
      const { failure } = yield* attempt(refusing)
      expect(failure).toMatchObject({ _tag: "Refused", operation: "start-thread", message: "not today" })
    }),
  )

  it.scopedLive("that does not exist is reported by its name", () =>
    Effect.gen(function* () {
      const { failure, types } = yield* attempt("", { command: "/no/such/program" })
      expect(failure).toMatchObject({ _tag: "ConnectionLost" })
      expect(failure.toString()).toContain("/no/such/program")
      expect(types).toEqual([])
    }),
  )

  it.scopedLive("is not asked with settings that are not the caller's", () =>
    Effect.gen(function* () {
      const driver = makeClaudeDriver(claude.installed ? { sdk: claude.module } : {})
      const connection = yield* driver.connect({ connectionId: "c", marks: {} })
      const refused = yield* Effect.flip(connection.startThread({ threadId: ours, settings: { env: { PATH: "x" } } }))
      expect(refused).toMatchObject({ _tag: "Refused", message: "The setting env cannot be set; leave it out." })
    }),
  )
})
