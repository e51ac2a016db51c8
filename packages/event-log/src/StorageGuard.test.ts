/** What is looked at around a transaction, and when: a look that is left out must not hide a fault for longer than until the answer. */
import { mkdtempSync, rmSync, truncateSync, unlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { lockFile } from "./DataDirectory.js"
import { StorageGuard } from "./StorageGuard.js"

/** A guard of three files that only have a size, and its clock. */
const guarded = () => {
  const file = join(mkdtempSync(join(tmpdir(), "threadfold-guard-")), "threadfold.db")
  onTestFinished(() => rmSync(dirname(file), { recursive: true, force: true }))
  const [wal, lock] = [`${file}-wal`, lockFile(dirname(file))]
  for (const each of [file, wal, lock]) writeFileSync(each, "x".repeat(8_192))
  const clock = { now: 0 }
  return { file, wal, lock, clock, guard: new StorageGuard(file, { walLimit: 1 << 20, now: () => clock.now }) }
}

const uncommitted = (found: RegExp) =>
  expect.objectContaining({ committed: false, found: expect.stringMatching(found) })
const committed = (found: RegExp) => expect.objectContaining({ committed: true, found: expect.stringMatching(found) })

const thrown = (work: () => void): unknown => {
  try {
    work()
    return null
  } catch (error) {
    return error
  }
}

describe("the files of a database", () => {
  it("are all looked at before the first transaction, and before one after a while", () => {
    const { clock, file, guard } = guarded()
    guard.before()
    clock.now += 10
    truncateSync(file, 4_096)
    expect(thrown(() => guard.before())).toEqual(uncommitted(/threadfold\.db was cut to 4096 bytes/))
  })

  it("may have changed a moment after a look: the database and the lock are found before the commit is acknowledged", () => {
    for (const [name, fault] of [
      [/threadfold\.db was deleted/, ({ file }: ReturnType<typeof guarded>) => unlinkSync(file)],
      [/threadfold\.db was cut to 0/, ({ file }: ReturnType<typeof guarded>) => truncateSync(file, 0)],
      [/threadfold\.db-wal was deleted/, ({ wal }: ReturnType<typeof guarded>) => unlinkSync(wal)],
      [/owner\.lock was deleted/, ({ lock }: ReturnType<typeof guarded>) => unlinkSync(lock)],
    ] as const) {
      const files = guarded()
      const { guard } = files
      guard.before()
      guard.after()
      fault(files)
      const before = thrown(() => guard.before())
      expect(before ?? thrown(() => guard.after())).toEqual(before === null ? committed(name) : uncommitted(name))
      // What is lost stays lost.
      expect(thrown(() => guard.before())).toEqual(uncommitted(name))
    }
  })

  it("are found by a transaction that fails on them", () => {
    const { file, guard } = guarded()
    guard.before()
    truncateSync(file, 0)
    guard.before()
    expect(thrown(() => guard.failed())).toEqual(uncommitted(/threadfold\.db was cut to 0 bytes/))
  })

  it("are looked at before every transaction where the commit would hide the fault: it makes a log of writes that was cut longer", () => {
    const { guard, wal } = guarded()
    guard.before()
    guard.after()
    truncateSync(wal, 4_096)
    expect(thrown(() => guard.before())).toEqual(uncommitted(/threadfold\.db-wal was cut to 4096 bytes/))
  })
})

describe("a disk", () => {
  it("is looked at before a transaction when the last look is some time ago, was bad, or a transaction failed", () => {
    const { clock, guard } = guarded()
    const ok = { status: "ok", freeBytes: 2, minFreeBytes: 1 } as const
    const full = { status: "full", freeBytes: 0, minFreeBytes: 1 } as const
    let looks = 0
    const found = (space: typeof ok | typeof full): unknown => {
      guard.space = () => {
        looks += 1
        return space
      }
      return thrown(() => guard.before())
    }
    expect([found(ok), found(full), looks]).toEqual([null, null, 1])
    clock.now += 10
    const refusal = expect.objectContaining({ _tag: "StorageFull" })
    expect([found(full), found(full), found(ok), looks]).toEqual([refusal, refusal, null, 4])
    guard.failed()
    expect([found(full), looks]).toEqual([refusal, 5])
  })
})
