/** What was reported as committed outlives a SIGKILL at any moment. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { databaseFile, openSqlite } from "../src/index.js"
import { nativeOf } from "../src/testing/samples.js"
import { spawnChild } from "./child/spawnChild.js"

const rounds = 10

/** Lets a child append until it reported `reports` commits, kills it, and returns the last report that came through. */
const appendUntilKilled = async (file: string, reports: number): Promise<number> => {
  const child = spawnChild("append", file)
  let last = 0
  let count = 0
  for await (const line of child.lines) {
    last = Number(line)
    count += 1
    if (count === reports) child.process.kill("SIGKILL")
  }
  await child.gone
  expect(await child.errors).toBe("")
  expect(child.process.signalCode).toBe("SIGKILL")
  return last
}

/** Opens the database as the next owner does and looks at all of it. Returns the head. */
const lookOver = (file: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { driver, handle } = yield* openSqlite({ file })
      expect(handle.pragma("integrity_check", { simple: true })).toBe("ok")
      const head = driver.head()
      const count = handle.prepare<[], number>("SELECT count(*) FROM events").pluck().get()
      expect(count).toBe(head)
      for (let after = 0; after < head; after += 500) {
        for (const { sequence } of driver.read({ after, limit: 500 })) {
          expect(driver.readNative(sequence) === nativeOf(sequence)).toBe(true)
        }
      }
      return head
    }),
  )

it.live(
  `keeps every reported commit through ${rounds} kills`,
  () =>
    Effect.gen(function* () {
      const directory = mkdtempSync(join(tmpdir(), "threadfold-kill-"))
      const file = databaseFile(directory)
      yield* lookOver(file)
      for (const reports of fc.sample(fc.integer({ min: 1, max: 60 }), { numRuns: rounds, seed: 5 })) {
        const reported = yield* Effect.promise(() => appendUntilKilled(file, reports))
        const head = yield* lookOver(file)
        expect(reported).toBeGreaterThan(0)
        expect(head).toBeGreaterThanOrEqual(reported)
      }
      rmSync(directory, { recursive: true })
    }),
  600_000,
)
