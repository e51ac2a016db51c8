import { isMirrorOf } from "@threadfold/core"
import Sqlite from "better-sqlite3"
import fc from "fast-check"
import { expect, it } from "vitest"
import { noMirror } from "./filters.js"

const few = <A>(...values: readonly A[]) => fc.constantFrom(...values)
const rowsOf = fc
  .array(
    fc.record({
      provider: few("codex", "claude", null),
      nativeThreadId: few("n1", "n2", null),
      source: few(null, "codex-app-server", "codex-rollout", "claude"),
      createdAt: few(null, 1, 2),
      deletedAt: few(null, null, 5),
    }),
    { maxLength: 8 },
  )
  .map((rows) => rows.map((row, index) => ({ ...row, threadId: `t${index}` })))

it("lists leave out exactly the threads that are mirrors by the rule of core", () => {
  const db = new Sqlite(":memory:")
  db.exec("CREATE TABLE threads (thread_id, provider, native_thread_id, source, created_at, deleted_at)")
  const insert = db.prepare(
    "INSERT INTO threads VALUES (:threadId, :provider, :nativeThreadId, :source, :createdAt, :deletedAt)",
  )
  const listed = db.prepare<[], string>(`SELECT thread_id FROM threads WHERE ${noMirror} ORDER BY thread_id`).pluck()
  fc.assert(
    fc.property(rowsOf, (rows) => {
      db.exec("DELETE FROM threads")
      for (const row of rows) insert.run(row)
      const isMirror = (one: (typeof rows)[number]) =>
        rows.some((other) =>
          isMirrorOf({ ...one, createdAt: one.createdAt ?? 0 }, { ...other, createdAt: other.createdAt ?? 0 }),
        )
      expect(listed.all()).toEqual(rows.filter((row) => !isMirror(row)).map(({ threadId }) => threadId))
    }),
  )
  db.close()
})
