/**
 * Watches each test for what blocks its worker: while a test computes, Vitest's own messages wait, and after a minute a run counts
 * as broken. A look twenty times a second; a gap of over a second in which the process computed for as long is a block. (A gap
 * alone would be the machine's: other work may have the cores.) Blocks are written to a file that `npm test` reads at its end.
 */
import { appendFileSync, mkdirSync } from "node:fs"
import { dirname } from "node:path"
import { beforeEach, expect } from "vitest"
import { blockingFile } from "./tools.mjs"

const everyMs = 50
/** Longest that a test may compute without a pause, ms. */
const limitMs = 1_000

declare global {
  var threadfoldBlocking: ReturnType<typeof install> | undefined
}

/** One watcher for a worker, which keeps it from file to file. */
const install = () => {
  // Before a test can replace them by fakes.
  const { now } = performance
  const clock = now.bind(performance)
  const state = { test: "loading", seen: clock(), used: process.cpuUsage() }
  const look = () => {
    const at = clock()
    const { system, user } = process.cpuUsage(state.used)
    const blocked = Math.min(at - state.seen, (system + user) / 1_000)
    if (blocked > limitMs && state.test !== "loading") {
      mkdirSync(dirname(blockingFile), { recursive: true })
      appendFileSync(blockingFile, `${JSON.stringify({ test: state.test, ms: Math.round(blocked) })}\n`)
    }
    state.seen = at
    state.used = process.cpuUsage()
  }
  setInterval(look, everyMs).unref()
  return { state, look }
}

globalThis.threadfoldBlocking ??= install()
const { look, state } = globalThis.threadfoldBlocking

beforeEach(({ task }) => {
  // What came before belongs to the test before.
  look()
  state.test = `${task.file.name} > ${expect.getState().currentTestName ?? task.name}`
  return () => {
    look()
    state.test = "loading"
  }
})
