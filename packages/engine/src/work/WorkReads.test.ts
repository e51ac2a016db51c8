/** What the orchestrator reads of the working tables is what the writer's store holds. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SqliteClient } from "@effect/sql-sqlite-node"
import { describe, expect, it } from "@effect/vitest"
import { type EffectRow, EffectStatus } from "@threadfold/contracts"
import { openSqlite } from "@threadfold/event-log"
import { Effect, Either, Layer } from "effect"
import fc from "fast-check"
import { sampleEffect } from "../testing/WorkStoreContract.js"
import { databaseGroups } from "../writer/sqlite.js"
import { sqliteWork } from "./SqliteWork.js"
import { WorkReads } from "./WorkReads.js"
import type { WorkStore } from "./WorkStore.js"

/** A database whose working tables are written here and read there. */
const open = Effect.gen(function* () {
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "threadfold-work-"))),
    (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true })),
  )
  const file = join(directory, "threadfold.db")
  const { driver, handle } = yield* openSqlite({ file, migrations: databaseGroups })
  const work: WorkStore = sqliteWork(handle)
  const client = SqliteClient.layer({ filename: file, readonly: true, disableWAL: true })
  const context = yield* Layer.build(WorkReads.layer.pipe(Layer.provideMerge(Layer.orDie(client))))
  const reads = yield* Effect.provide(WorkReads, context)
  return { work, reads, handle, transaction: driver.transaction }
})

const isOpen = ({ status }: EffectRow): boolean => status === "pending" || status === "attempting"
const going = (status: EffectRow["status"]) => ({
  status,
  token: status === "attempting" ? "token" : null,
  endedAt: status === "pending" || status === "attempting" ? null : 9,
})

describe("WorkReads", () => {
  it.scoped("reads what is stored, oldest first, by thread and by command", () =>
    Effect.gen(function* () {
      const { reads, transaction, work } = yield* open
      const step = fc.record({
        thread: fc.constantFrom("t1", "t2", "t3"),
        command: fc.constantFrom("c1", "c2"),
        status: fc.constantFrom(...EffectStatus.literals),
        payload: fc.constantFrom(null, { text: "x" }, [1, "2"]),
      })
      const model: EffectRow[] = []
      for (const [index, { command, payload, status, thread }] of fc
        .sample(step, { numRuns: 120, seed: 3 })
        .entries()) {
        // The ids are not in the order of the effects.
        const effectId = `effect ${(index * 37) % 120}`
        const row = sampleEffect(effectId, { threadId: thread, commandId: command, payload, turnId: `turn ${index}` })
        transaction(() => {
          work.insertEffect(row)
          work.patchEffect(effectId, going(status))
        })
        model.push({ ...row, ...going(status) })
        const stored = yield* reads.openEffects(thread)
        expect(stored).toEqual(model.filter((one) => one.threadId === thread && isOpen(one)))
      }
      for (const command of ["c1", "c2", "nobody"]) {
        expect(yield* reads.effectsOf(command)).toEqual(model.filter((one) => one.commandId === command))
      }
      expect(yield* reads.openEffects("nobody")).toEqual([])
      for (const one of yield* reads.effectsOf("c1")) expect(work.effect(one.effectId)).toEqual(one)
    }),
  )

  it.scoped("names the threads that have something to do, page by page, each once", () =>
    Effect.gen(function* () {
      const { reads, transaction, work } = yield* open
      const name = (index: number) => `thread ${String(index).padStart(4, "0")}`
      transaction(() => {
        for (let index = 0; index < 1203; index++) {
          for (const [nth, status] of (["pending", "delivered", "attempting"] as const).entries()) {
            if (index % 3 === 0 && status !== "delivered") continue
            work.insertEffect(sampleEffect(`${index}/${nth}`, { threadId: name(index), ...going(status) }))
          }
        }
      })
      const seen: string[] = []
      const sizes: number[] = []
      for (let after: string | null = null; ; ) {
        const page: readonly string[] = yield* reads.threadsWithEffects(after)
        if (page.length === 0) break
        seen.push(...page)
        sizes.push(page.length)
        after = page.at(-1) ?? null
      }
      const expected = Array.from({ length: 1203 }, (_, index) => index).filter((index) => index % 3 !== 0)
      expect(seen).toEqual(expected.map(name))
      expect(sizes).toEqual([500, 302])
    }),
  )

  it.scoped("gives 500 effects at most, the oldest, and looks only at what is open", () =>
    Effect.gen(function* () {
      const { handle, reads, transaction, work } = yield* open
      transaction(() => {
        for (let index = 0; index < 700; index++) {
          work.insertEffect(sampleEffect(`ended ${index}`, going("delivered")))
          work.insertEffect(sampleEffect(`open ${index}`))
        }
      })
      const page = yield* reads.openEffects("thread")
      expect([page.length, page[0]?.effectId, page.at(-1)?.effectId]).toEqual([500, "open 0", "open 499"])
      expect(yield* reads.effectsOf("command")).toHaveLength(500)
      const plan = handle
        .prepare<[], { readonly detail: string }>(
          "EXPLAIN QUERY PLAN SELECT * FROM effects WHERE ended_at IS NULL AND thread_id = 'thread' ORDER BY position",
        )
        .all()
      expect(plan.map(({ detail }) => detail)).toEqual([expect.stringContaining("effects_open (thread_id=?)")])
    }),
  )

  it.scoped("says that it cannot read, when it cannot", () =>
    Effect.gen(function* () {
      const { handle, reads } = yield* open
      handle.exec("DROP TABLE effects")
      const failed = yield* Effect.either(reads.openEffects("thread"))
      expect(Either.isLeft(failed) && failed.left._tag).toBe("StorageUnavailable")
    }),
  )
})
