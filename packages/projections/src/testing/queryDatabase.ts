/** What the tests of queries share: a database with a thread of seven turns, and reads of whole lists. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect } from "@effect/vitest"
import type Sqlite from "better-sqlite3"
import { Effect, Exit, type Layer } from "effect"
import type { ThreadListError } from "../queries/Errors.js"
import type { Page, PageQuery } from "../queries/Page.js"
import { Projections } from "../queries/Projections.js"
import { SqlStore } from "../SqlStore.js"
import { openProjections } from "./fixtures.js"
import { idFor, type TestEvent, TestLog } from "./TestLog.js"

/** A database on disk with a writer, and the queries on a read-only client of their own. */
export const setUp = (): Opened => {
  const directory = mkdtempSync(join(tmpdir(), "threadfold-queries-"))
  const file = join(directory, "threadfold.db")
  const database = openProjections(file)
  database.exec("CREATE TABLE events (sequence INTEGER PRIMARY KEY, type TEXT NOT NULL, payload TEXT)")
  database.exec("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
  const store = new SqlStore(database)
  const log = new TestLog()
  const insert = database.prepare("INSERT INTO events (type, payload) VALUES (?, ?)")
  const append = (batch: readonly TestEvent[]) => {
    for (const { payload, type } of batch) insert.run(type, JSON.stringify(payload))
    log.append(store, batch)
  }
  const layer = Projections.layer(file)
  const dispose = () => {
    database.close()
    rmSync(directory, { recursive: true })
  }
  return { database, store, log, append, layer, dispose }
}

/** An open database of a test. */
export interface Opened {
  readonly database: Sqlite.Database
  readonly store: SqlStore
  readonly log: TestLog
  readonly append: (batch: readonly TestEvent[]) => void
  readonly layer: Layer.Layer<Projections>
  readonly dispose: () => void
}

/** Runs `body` against a database that `prepare` has filled. */
export const withQueries = <A, E>(
  prepare: (opened: Opened) => void,
  body: (opened: Opened) => Effect.Effect<A, E, Projections>,
): Effect.Effect<A, E> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const opened = setUp()
      prepare(opened)
      return opened
    }),
    (opened) => Effect.provide(body(opened), opened.layer),
    (opened) => Effect.sync(opened.dispose),
  )

export const thread = idFor("a")

export const event = (type: string, payload: unknown, native?: TestEvent["native"]): TestEvent => ({
  stream: "a",
  session: "session",
  type,
  payload,
  ...(native === undefined ? {} : { native }),
})

export const started = event("session.started", { provider: "codex", mode: "managed" })

/** A thread with seven turns of one item each; the last item streams in two parts. */
export const sevenTurns = ({ append }: Opened): void => {
  append([started])
  for (let turn = 1; turn <= 7; turn++) {
    const native = { turnId: `t${turn}`, itemId: `i${turn}` }
    append([event("turn.started", {}, native), event("item.started", { kind: "reasoning" }, native)])
    if (turn === 7) continue
    append([
      event("item.completed", { kind: "reasoning", status: "completed", text: `text ${turn}` }, native),
      event("turn.completed", { outcome: "completed" }, native),
    ])
  }
  const native = { turnId: "t7", itemId: "i7" }
  for (const [part, delta] of [
    [0, "one"],
    [1, "two"],
    [0, " more"],
  ] as const) {
    append([event("content.delta", { stream: "summary", part, delta }, native)])
  }
}

/** How a query failed: the error's tag, and the kind of row that is not there. */
export const failureOf = (exit: Exit.Exit<unknown, ThreadListError>): string | null => {
  if (!Exit.isFailure(exit) || exit.cause._tag !== "Fail") return null
  const { error } = exit.cause
  return error._tag === "RowNotFound" ? `RowNotFound ${error.resource}` : error._tag
}

/** Reads a list to its end and back to its start, checking on the way that both ways show the same pages. */
export const walk = <A, E, R>(read: (query: PageQuery) => Effect.Effect<Page<A>, E, R>, query: PageQuery) =>
  Effect.gen(function* () {
    const pages: (readonly A[])[] = []
    let page = yield* read(query)
    expect(page.previous).toBeNull()
    for (;;) {
      pages.push(page.items)
      if (page.next === null) break
      page = yield* read({ ...query, cursor: page.next })
    }
    for (let index = pages.length - 2; index >= 0; index--) {
      page = yield* read({ ...query, cursor: page.previous ?? "" })
      expect(page.items).toEqual(pages[index])
      expect(page.next).not.toBeNull()
    }
    expect(page.previous).toBeNull()
    return pages
  })
