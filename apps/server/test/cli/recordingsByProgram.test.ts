/** Every recording, end to end through the built program, against what the wire itself demands. */
import {
  CheckReport,
  ImportReport,
  RebuildReport,
  ThreadSnapshot,
  ThreadView,
  VerifyReport,
} from "@threadfold/contracts"
import { compare, readOracle, recordings } from "@threadfold/testkit"
import { Effect, Option } from "effect"
import { expect, it } from "vitest"
import { openReader } from "../../src/cli/reading.js"
import { document, temporary, threadList } from "./program.js"

/** What `threadfold thread` prints of each thread, read in this process by the reader of the command. */
const snapshotsOf = (directory: string, threads: readonly ThreadView[]): Promise<readonly ThreadSnapshot[]> =>
  openReader({ db: Option.none(), dataDir: Option.some(directory) }).pipe(
    Effect.flatMap((reader) => Effect.forEach(threads, ({ threadId }) => reader.thread(threadId, true))),
    Effect.scoped,
    Effect.runPromise,
  )

it("imports all recordings as the wire demands, once and for all", async () => {
  const directory = temporary()
  const where = ["--data-dir", directory]
  const files = recordings.map(({ path }) => path)
  const expectation = readOracle(recordings.map(({ text }) => text()))

  const first = await document(ImportReport, ["import", "codex-app-server", ...files, ...where])
  expect(first.lines).toBe(expectation.lines)
  expect(first.mapped + first.kept + first.unreadable).toBe(first.lines)
  expect(first.unreadable).toBe(0)
  expect(first.threads.map(({ nativeThreadId }) => nativeThreadId).sort()).toEqual(
    expectation.threads.map(({ nativeThreadId }) => nativeThreadId).sort(),
  )

  const { threads } = await document(threadList(ThreadView), ["threads", ...where])
  const snapshots = await snapshotsOf(directory, threads)
  // The command prints what its reader gives; three of them stand for all, at a third of a second each.
  for (const snapshot of snapshots.slice(0, 3)) {
    expect(await document(ThreadSnapshot, ["thread", snapshot.thread.threadId, ...where])).toEqual(snapshot)
  }
  expect(compare(expectation, snapshots)).toEqual([])
  for (const { items, requests, session, thread, turns } of snapshots) {
    expect(items.filter(({ status }) => status === "open")).toEqual([])
    expect(requests.filter(({ status }) => status === "open" || status === "answering")).toEqual([])
    expect(turns.filter(({ status }) => status === "running")).toEqual([])
    expect([session?.status, session?.activeTurnId, thread.activeTurnId]).toEqual(["stopped", null, null])
  }

  expect(await document(CheckReport, ["check", ...where])).toEqual({ ok: true, violations: [] })
  const before = await document(VerifyReport, ["verify", ...where])
  expect([before.ok, before.differences, before.stale]).toEqual([true, [], []])

  const again = await document(ImportReport, ["import", "codex-app-server", ...files, ...where])
  expect(again.events).toBe(0)
  expect(again.lines).toBe(first.lines)

  const rebuilt = await document(RebuildReport, ["rebuild", ...where])
  expect([rebuilt.ok, rebuilt.refused, rebuilt.hash]).toEqual([true, [], before.hash])
  expect(await document(VerifyReport, ["verify", ...where])).toEqual(before)
})
