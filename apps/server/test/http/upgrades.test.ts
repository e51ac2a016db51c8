/** A server over rows that another version of the fold made: what it answers meanwhile, and that the rows become right by themselves. */
import { describe, expect, it } from "@effect/vitest"
import { ThreadPage, VerifyView } from "@threadfold/contracts/api"
import { FOLD_VERSION } from "@threadfold/core"
import { databaseFile } from "@threadfold/event-log"
import Sqlite from "better-sqlite3"
import { Effect } from "effect"
import {
  attach,
  call,
  callAs,
  callSession,
  notice,
  notices,
  push,
  serverOn,
  sessionId,
  temporaryDirectory,
} from "./support/TestServer.js"

const title = (n: number): string => `title ${n}`
const old = "as an older version told it"

/** A thread with a title, whose session goes on. */
const thread = (n: number) =>
  Effect.gen(function* () {
    const { body } = yield* attach(sessionId(n), { provider: "test", nativeThreadId: `native ${n}`, leaseMs: 600_000 })
    yield* push(sessionId(n), notices(1, 5))
    yield* push(sessionId(n), [{ ...notice(6), type: "thread.metadata.updated", payload: { title: title(n) } }])
    return body.threadId
  })

const titleOf = (threadId: string) =>
  Effect.map(callAs(ThreadPage, `/v1/threads/${threadId}`), ({ body }) => body.thread.title)

const verified = Effect.zipRight(
  callAs(VerifyView, "/v1/projections/verify", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  }),
  Effect.map(
    Effect.repeat(callAs(VerifyView, "/v1/projections/verify"), { until: ({ body }) => body.state !== "running" }),
    ({ body }) => body.report,
  ),
)

/** Rows as another version of the fold may have left them. */
const age = (directory: string): void => {
  const database = new Sqlite(databaseFile(directory))
  database.prepare("UPDATE fold_state SET fold_version = ?, state = '{}'").run(FOLD_VERSION - 1)
  database.prepare("UPDATE threads SET title = ?").run(old)
  database.close()
}

describe("a server over rows of an older fold", () => {
  it.live("serves at once, folds a thread before its next event, and the others beside it", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const [first, others, hash] = yield* Effect.provide(
          Effect.gen(function* () {
            const first = yield* thread(1)
            const others = [yield* thread(2), yield* thread(3)]
            const report = yield* verified
            return [first, others, report?.hash] as const
          }),
          serverOn(directory),
        )
        age(directory)
        yield* Effect.provide(
          Effect.gen(function* () {
            const path = `/v1/threads/${others[0]}`
            const before = yield* call(path)
            expect(before.status).toBe(200)
            // Its next event is folded into rows of this fold.
            yield* push(sessionId(1), [notice(7)])
            expect(yield* titleOf(first)).toBe(title(1))
            // The others need no event: the work goes on by itself.
            const titles = yield* Effect.repeat(Effect.forEach(others, titleOf), {
              until: (all) => !all.includes(old),
            })
            expect(titles).toEqual([title(2), title(3)])
            // The tag of the page of before stands for it no longer.
            const tag = { headers: { "if-none-match": before.headers.get("etag") ?? "" } }
            const shown = yield* Effect.promise(() => before.text())
            expect((yield* call(path, tag)).status).toBe(shown.includes(old) ? 200 : 304)
            const report = yield* verified
            expect(report).toMatchObject({ ok: true, stale: [], differences: [] })
            // The other threads are as they were; the first one has an event more.
            expect(report?.hash).not.toBe(hash)
            expect(yield* callSession(sessionId(2), "", "DELETE")).toMatchObject({ status: 200 })
          }),
          serverOn(directory),
        )
      }),
    ),
  )
})
