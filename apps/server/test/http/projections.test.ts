/** Comparing the projections with the log and making them anew, beside the work of the server. */
import { describe, expect } from "@effect/vitest"
import { CheckView, ProjectionWork, RebuildView, VerifyView } from "@threadfold/contracts/api"
import { Engine } from "@threadfold/engine"
import { databaseFile } from "@threadfold/event-log"
import { SqlStore } from "@threadfold/projections"
import Sqlite from "better-sqlite3"
import { Context, Effect, Layer, Schema } from "effect"
import { sharingLive } from "./support/sharing.js"
import {
  attach,
  call,
  callAs,
  callText,
  notices,
  problemOfCall,
  published,
  push,
  serverOn,
  sessionId,
  temporaryDirectory,
} from "./support/TestServer.js"

class Directory extends Context.Tag("test/Directory")<Directory, string>() {}

const server = Layer.unwrapScoped(
  Effect.map(temporaryDirectory, (directory) => Layer.merge(serverOn(directory), Layer.succeed(Directory, directory))),
)

const rebuild = "/v1/projections/rebuild"
const verify = "/v1/projections/verify"
const check = "/v1/projections/check"
const post = (body: object): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
})

/** Asks until the work has ended. */
const ended = <A extends { readonly state: string }, I>(schema: Schema.Schema<A, I>, path: string) =>
  Effect.map(Effect.repeat(callAs(schema, path), { until: ({ body }) => body.state !== "running" }), ({ body }) => body)
const verified = (body: object = {}) =>
  Effect.zipRight(callAs(VerifyView, verify, post(body)), ended(VerifyView, verify))
const rebuilt = (body: object = {}) =>
  Effect.zipRight(callAs(RebuildView, rebuild, post(body)), ended(RebuildView, rebuild))

const checked = (body: object = {}) => Effect.zipRight(callAs(CheckView, check, post(body)), ended(CheckView, check))

/** Changes rows behind the server's back, as a broken fold would have left them. */
const plant = (change: (store: SqlStore, threadId: string) => void, threadId: string) =>
  Effect.map(Directory, (directory) => {
    const handle = new Sqlite(databaseFile(directory))
    const store = new SqlStore(handle)
    store.atomically(() => change(store, threadId))
    handle.close()
  })

const wrongTitle = (store: SqlStore, threadId: string): void => {
  const thread = store.whole("threads", [threadId])
  if (thread !== null) store.apply([{ op: "put", table: "threads", row: { ...thread, title: "planted" } }])
}
/** A number of turns that the thread does not have breaks a rule of its rows. */
const wrongCount = (store: SqlStore, threadId: string): void => {
  const thread = store.whole("threads", [threadId])
  if (thread !== null) store.apply([{ op: "put", table: "threads", row: { ...thread, activeTurnId: "nowhere" } }])
}
const wrongSession = (store: SqlStore, threadId: string): void => {
  for (const { row, table } of store.rowsOf(threadId)) {
    if (table === "sessions" && "model" in row)
      store.apply([{ op: "put", table, row: { ...row, model: "planted" } } as never])
  }
}

/** A thread with some events. */
const thread = (n: number) =>
  Effect.gen(function* () {
    const { body } = yield* attach(sessionId(n), { provider: "test", nativeThreadId: `native ${n}`, leaseMs: 600_000 })
    yield* push(sessionId(n), notices(1, 20))
    return body.threadId
  })

describe("the projections of a server", () => {
  sharingLive(server, (test) => {
    test("are compared, and made anew where they differ, with nothing appended", () =>
      Effect.gen(function* () {
        expect(yield* problemOfCall(rebuild)).toMatchObject({ status: 404, slug: "job-not-found" })
        const [one, two] = [yield* thread(1), yield* thread(2)]
        const clean = yield* verified()
        expect(clean).toMatchObject({ state: "completed", report: { ok: true, threads: 2 } })
        yield* plant(wrongTitle, one)
        expect((yield* verified()).report).toMatchObject({ ok: false })
        expect((yield* verified({ threadId: two })).report).toMatchObject({ ok: true, threads: 1, log: { ok: true } })
        const head = yield* published
        const begun = yield* callAs(RebuildView, rebuild, post({}))
        expect([begun.status, begun.headers.get("location")]).toEqual([202, rebuild])
        const view = yield* ended(RebuildView, rebuild)
        expect(view).toMatchObject({
          jobId: begun.body.jobId,
          state: "completed",
          events: head,
          totalEvents: head,
          etaMs: null,
          report: { ok: true, changed: 1, rows: 1, refused: [], events: head },
        })
        expect(yield* published).toBe(head)
        expect((yield* verified()).report?.hash).toBe(clean.report?.hash)
      }))

    test("are checked against the rules, with the event that broke one, and all work is listed", () =>
      Effect.gen(function* () {
        const [one, two] = [yield* thread(11), yield* thread(12)]
        const before = yield* callAs(ProjectionWork, "/v1/projections")
        expect(before.body.check).toBe(null)
        expect(yield* problemOfCall(check)).toMatchObject({ status: 404, slug: "job-not-found" })
        const begun = yield* callAs(CheckView, check, post({}))
        expect([begun.status, begun.headers.get("location")]).toEqual([202, check])
        const clean = yield* ended(CheckView, check)
        const head = yield* published
        expect(clean).toMatchObject({
          state: "completed",
          invariants: [],
          events: head,
          totalEvents: head,
          report: { ok: true, violations: [] },
        })
        yield* plant(wrongCount, one)
        const broken = yield* checked()
        expect(broken.report).toMatchObject({ ok: false })
        expect(new Set(broken.report?.violations.map(({ threadId }) => threadId))).toEqual(new Set([one]))
        const [first] = broken.report?.violations ?? []
        expect(first?.sequence).toBeGreaterThan(0)
        expect(first?.eventId).not.toBe(null)
        expect((yield* checked({ threadId: two })).report).toMatchObject({ ok: true })
        const alone = yield* checked({ invariants: [first?.invariant ?? ""] })
        expect(alone.report?.violations.map(({ invariant }) => invariant)).toContain(first?.invariant)
        const { body: work } = yield* callAs(ProjectionWork, "/v1/projections")
        expect(work.check).toEqual(alone)
        expect(yield* problemOfCall(check, post({ invariants: ["no-such-rule"] }))).toMatchObject({
          status: 400,
          slug: "invalid-request",
          detail: expect.stringContaining("no-such-rule"),
        })
        expect(yield* problemOfCall(check, post({ threadId: "nobody" }))).toMatchObject({ slug: "thread-not-found" })
        yield* rebuilt()
        expect((yield* checked()).report).toMatchObject({ ok: true })
      }))

    test("are made anew for one thread or one table, and other rows stay", () =>
      Effect.gen(function* () {
        const [one, two] = [yield* thread(3), yield* thread(4)]
        for (const id of [one, two]) yield* plant(wrongTitle, id)
        yield* plant(wrongSession, one)
        expect((yield* rebuilt({ threadId: one, projection: "threads" })).report).toMatchObject({ changed: 1, rows: 1 })
        const left = (yield* verified()).report?.differences.map(({ table, threadId }) => `${table} ${threadId}`)
        expect(left?.sort()).toEqual([`sessions ${one}`, `threads ${two}`].sort())
        expect((yield* rebuilt({ projection: "sessions" })).report).toMatchObject({ changed: 1 })
        expect((yield* rebuilt()).report).toMatchObject({ changed: 1 })
        expect((yield* verified()).report).toMatchObject({ ok: true })
        // The writer goes on with the thread whose state it had in memory.
        yield* push(sessionId(3), notices(21, 25))
        expect((yield* verified()).report).toMatchObject({ ok: true })
      }))

    test("are shown as they are after a rebuild, also to a caller who has the page of before", () =>
      Effect.gen(function* () {
        const id = yield* thread(7)
        yield* plant(wrongTitle, id)
        const path = `/v1/threads/${id}`
        const page = (etag = "") => call(path, { headers: { "if-none-match": etag } })
        const before = yield* page()
        const tag = before.headers.get("etag") ?? ""
        expect((yield* page(tag)).status).toBe(304)
        expect((yield* rebuilt({ threadId: id })).report).toMatchObject({ changed: 1 })
        const after = yield* page(tag)
        const [old, now] = yield* Effect.promise(() => Promise.all([before.text(), after.text()]))
        expect(now).not.toBe(old)
        expect(after.status).toBe(200)
        expect((yield* page(after.headers.get("etag") ?? "")).status).toBe(304)
        // A rebuild that writes nothing leaves every page what it was.
        expect((yield* rebuilt({ threadId: id })).report).toMatchObject({ changed: 0 })
        expect((yield* page(after.headers.get("etag") ?? "")).status).toBe(304)
      }))

    test("are rebuilt again, and a rebuild that has ended stays as it is", () =>
      Effect.gen(function* () {
        expect((yield* rebuilt({ resume: true })).state).toBe("completed")
        expect((yield* callAs(RebuildView, rebuild, { method: "DELETE" })).body.state).toBe("completed")
      }))

    test("tell their progress as a stream, which ends with the work", () =>
      Effect.gen(function* () {
        yield* callAs(RebuildView, rebuild, post({}))
        const { headers, text } = yield* callText(rebuild, { headers: { accept: "text/event-stream" } })
        expect(headers.get("content-type")).toBe("text/event-stream")
        const views = text
          .split("\n\n")
          .filter((frame) => frame !== "")
          .map((frame) => {
            const [name, data = ""] = frame.split("\n")
            expect(name).toBe("event: progress")
            return Schema.decodeUnknownSync(Schema.parseJson(RebuildView))(data.replace(/^data: /, ""))
          })
        expect(views.at(-1)?.state).toBe("completed")
        expect(views.slice(0, -1).every(({ state }) => state === "running")).toBe(true)
      }))

    test("refuse what names nothing", () =>
      Effect.gen(function* () {
        const unknown = sessionId(999_999)
        expect(yield* problemOfCall(verify, post({ threadId: unknown }))).toMatchObject({ slug: "thread-not-found" })
        expect(yield* problemOfCall(rebuild, post({ threadId: unknown }))).toMatchObject({ slug: "thread-not-found" })
        expect(yield* problemOfCall(rebuild, post({ projection: "nothing" }))).toMatchObject({
          slug: "invalid-request",
        })
        expect(yield* problemOfCall(rebuild, post({ thread: unknown }))).toMatchObject({ slug: "invalid-request" })
      }))

    test("are right after a rebuild beside appends to the same threads", () =>
      Effect.gen(function* () {
        const ids = yield* Effect.forEach([200, 201, 202], thread)
        for (const id of ids) yield* plant(wrongTitle, id)
        const pushing = Effect.forEach(
          Array.from({ length: 30 }, (_, n) => n),
          (n) => Effect.forEach([200, 201, 202], (each) => push(sessionId(each), notices(21 + n * 3, 23 + n * 3))),
        )
        const [view] = yield* Effect.all([rebuilt(), pushing], { concurrency: 2 })
        expect(view.state).toBe("completed")
        expect((yield* verified()).report).toMatchObject({ ok: true, differences: [], stale: [] })
      }))

    test("go on after the server, whose next run shows where they were", () =>
      Effect.gen(function* () {
        const engine = yield* Engine
        const point = { foldVersion: 1, after: "01", table: null, streams: 7, events: 70 }
        yield* engine.noteRebuild(JSON.stringify(point))
        const directory = yield* Directory
        const handle = new Sqlite(databaseFile(directory), { readonly: true })
        expect(JSON.parse(new SqlStore(handle).getMeta("rebuild") ?? "")).toEqual(point)
        handle.close()
        yield* engine.noteRebuild(null)
        expect((yield* call("/readyz")).status).toBe(200)
      }))
  })
})
