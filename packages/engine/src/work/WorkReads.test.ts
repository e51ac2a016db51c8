/** What the orchestrator reads of the working tables is what the writer's store holds. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SqliteClient } from "@effect/sql-sqlite-node"
import { describe, expect, it } from "@effect/vitest"
import { type EffectRow, EffectStatus } from "@threadfold/contracts"
import { receiptSpan, saysAccepted } from "@threadfold/core"
import { openSqlite } from "@threadfold/event-log"
import { Effect, Either, Layer } from "effect"
import fc from "fast-check"
import { sampleEffect } from "../testing/WorkStoreContract.js"
import { databaseGroups } from "../writer/sqlite.js"
import { sqliteWork } from "./SqliteWork.js"
import { type EffectPage, type EffectQuery, WorkReads } from "./WorkReads.js"
import type { StoredReceipt, WorkStore } from "./WorkStore.js"

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
      for (const command of ["c1", "c2", "missing"]) {
        expect(yield* reads.effectsOf(command)).toEqual(model.filter((one) => one.commandId === command))
      }
      expect(yield* reads.openEffects("missing")).toEqual([])
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

  it.scoped("lists effects page by page in both orders, by state and thread, and looks at so many at most", () =>
    Effect.gen(function* () {
      const { reads, transaction, work } = yield* open
      const statuses = EffectStatus.literals
      const rows = Array.from({ length: 4_500 }, (_, index) => {
        const status = index === 7 ? "failed" : (statuses[index % 2 === 0 ? 2 : 5] ?? "retired")
        return sampleEffect(`effect ${index}`, {
          threadId: `t${index % 3}`,
          payload: { text: "long" },
          ...going(status),
        })
      })
      transaction(() => {
        for (const row of rows) work.insertEffect(row)
      })
      const walk = (query: Partial<EffectQuery>) =>
        Effect.gen(function* () {
          const seen: string[] = []
          let pages = 0
          for (let from: number | null = null; ; ) {
            const page: EffectPage = yield* reads.listEffects({ order: "desc", limit: 500, ...query, from })
            for (const one of page.items) {
              expect(one).not.toHaveProperty("payload")
              expect(one).not.toHaveProperty("position")
              seen.push(one.effectId)
            }
            pages += 1
            if (page.next === null) return { seen, pages }
            from = page.next
          }
        })
      const ids = (list: readonly EffectRow[]) => list.map(({ effectId }) => effectId)
      expect((yield* walk({ order: "asc" })).seen).toEqual(ids(rows))
      expect((yield* walk({})).seen).toEqual(ids(rows).toReversed())
      const some = rows.filter(({ status, threadId }) => status === "retired" && threadId !== "t1")
      const chosen = { statuses: ["retired"], threads: ["t0", "t2"] } as const
      expect((yield* walk({ ...chosen, order: "asc", limit: 7 })).seen).toEqual(ids(some))
      // The one that is found is far down: each page has looked at its share, and leads on.
      expect(yield* walk({ statuses: ["failed"] })).toEqual({ seen: ["effect 7"], pages: 3 })
      expect(yield* walk({ threads: ["none"], order: "asc" })).toEqual({ seen: [], pages: 3 })
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

  it.scoped("finds the receipt of every command that was accepted, under whatever key", () =>
    Effect.gen(function* () {
      const { reads, transaction, work } = yield* open
      const now = 1_700_000_000_000
      const idOf = (at: number, n: number): string => {
        const hex = at.toString(16).padStart(12, "0")
        return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${String(n).padStart(12, "0")}`
      }
      const given = fc.record({
        isAccepted: fc.boolean(),
        key: fc.constantFrom("own", "caller's", "another command's"),
        late: fc.oneof(fc.integer({ min: -6_000, max: 61_000 }), fc.constantFrom(-5_001, -5_000, 60_000, 60_001)),
      })
      const receipts = fc
        .sample(given, { numRuns: 200, seed: 5 })
        .map(({ isAccepted, key, late }, n): StoredReceipt => {
          const at = now + n * 100
          const commandId = idOf(at, n)
          const keys = { own: commandId, "caller's": `key ${n}`, "another command's": idOf(at, n + 1_000) }
          return {
            key: keys[key as keyof typeof keys],
            content: "",
            at: at + late,
            answer: isAccepted
              ? { accepted: { commandId, threadId: "thread", turnId: null, messageId: null, sequence: n } }
              : { refused: { reason: "turn-active", detail: commandId } },
          }
        })
      transaction(() => {
        for (const receipt of receipts) work.putReceipt(receipt)
      })
      const asked = receipts.flatMap((_, n) => [idOf(now + n * 100, n), idOf(now + n * 100, n + 1_000)])
      const found = { accepted: 0, unknown: 0 }
      for (const commandId of asked) {
        const given = receiptSpan(commandId)
        const isKept = ({ answer, at, key }: StoredReceipt) =>
          saysAccepted(answer, commandId) &&
          (key === commandId || (given !== null && given.from <= at && at <= given.until))
        const expected = receipts.some(isKept)
        expect(yield* reads.isAccepted(commandId), commandId).toBe(expected)
        found[expected ? "accepted" : "unknown"] += 1
      }
      expect(found.accepted).toBeGreaterThan(50)
      for (const { key } of receipts) expect(yield* reads.hasReceipt(key)).toBe(true)
      expect(yield* reads.hasReceipt("never given")).toBe(false)
      expect(yield* reads.isAccepted("no id of ours")).toBe(false)
    }),
  )

  it.scoped("fails with a typed error when it cannot read", () =>
    Effect.gen(function* () {
      const { handle, reads } = yield* open
      handle.exec("DROP TABLE effects")
      const failed = yield* Effect.either(reads.openEffects("thread"))
      expect(Either.isLeft(failed) && failed.left._tag).toBe("StorageUnavailable")
    }),
  )
})
