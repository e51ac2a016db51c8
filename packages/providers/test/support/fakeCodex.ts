/** The driver of Codex with the fake agent, which misbehaves as its script says. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type FakeAgentScript, fakeAgent } from "@threadfold/testkit"
import { Effect } from "effect"
import { type CodexConfig, makeCodexDriver } from "../../src/codex/drive/CodexDriver.js"
import { markedProcesses } from "../../src/process/marks.js"
import { type ProcessIdentity, processTable } from "../../src/process/ProcessTable.js"
import { watch } from "../../src/testing/Watched.js"

export const ours = "0199aaaa-0000-7000-8000-000000000001"
export const turnId = "0199bbbb-0000-7000-8000-000000000001"
export const mark = "THREADFOLD_LIFECYCLE"
export const marks = { [mark]: `${process.pid}` }
export const left = markedProcesses(mark, `${process.pid}`)

export const connect = (script: FakeAgentScript, config: CodexConfig = {}) =>
  makeCodexDriver({ ...fakeAgent(script), limits: { graceMs: 100 }, ...config }).connect({ connectionId: "c", marks })

export const connected = (script: FakeAgentScript, config?: CodexConfig) =>
  Effect.gen(function* () {
    const connection = yield* connect(script, config)
    const watched = yield* watch(connection)
    return { connection, watched }
  })

/** With a thread and a turn under way. */
export const running = (script: FakeAgentScript, config?: CodexConfig) =>
  Effect.gen(function* () {
    const opened = yield* connected(script, config)
    const { nativeThreadId } = yield* opened.connection.startThread({ threadId: ours })
    const delivered = yield* opened.connection.sendTurn({ nativeThreadId, turnId, text: "go" })
    return { ...opened, nativeThreadId, delivered }
  })

export const logFile = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "threadfold-log-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true })),
  ),
  (folder) => join(folder, "log"),
)

export const identified = (pids: readonly number[]): Effect.Effect<readonly ProcessIdentity[]> =>
  Effect.map(processTable, ({ entries }) => entries.filter(({ pid }) => pids.includes(pid)))
