/** Threads that go into bundles: whatever stops it, a thread is whole or its bundle is. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync, gzipSync } from "node:zlib"
import { describe, expect, it } from "@effect/vitest"
import { makeThreadfold, type Threadfold } from "@threadfold/client"
import { ImportReport } from "@threadfold/contracts"
import { BlobView, ThreadPage } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import type { Engine, WorkReads } from "@threadfold/engine"
import { databaseFile } from "@threadfold/event-log"
import { Effect } from "effect"
import { asProblem } from "../../src/cli/live.js"
import { HttpServer } from "../../src/http/index.js"
import { JobStarter } from "../../src/offline/runJob.js"
import { type ArchiveCall, type ArchivePlace, archiveThreads } from "../../src/retention/archiveThreads.js"
import { jobsHere } from "../cli/inProcess.js"
import { hashOf, png, post } from "./support/images.js"
import { command, retireAll } from "./support/Managed.js"
import { testAgent } from "./support/TestOrchestration.js"
import {
  attach,
  call,
  callAs,
  callSession,
  notices,
  problemOfCall,
  push,
  serverOn,
  sessionId,
  temporaryDirectory,
} from "./support/TestServer.js"

const words = "what is said in the thread"
const day = 86_400_000

/** A thread with words in it; its session has ended unless told otherwise. */
const thread = (number: number, lives = false) =>
  Effect.gen(function* () {
    const session = sessionId(number)
    const { body } = yield* attach(session, { provider: "test", nativeThreadId: `native-${number}`, leaseMs: 600_000 })
    yield* push(session, notices(1, 5, words))
    if (!lives) yield* callSession(session, "", "DELETE")
    return String(body.threadId)
  })

/** A thread with an image in a message; nothing of it waits. */
const threadWithImage = Effect.gen(function* () {
  yield* callAs(BlobView, "/v1/blobs", post(png))
  const { body } = yield* command("POST", "/v1/threads", { agent: testAgent.name })
  const path = `/v1/threads/${body.threadId}`
  yield* command("POST", `${path}/messages`, { text: "look", parts: [{ type: "image", hash: hashOf(png) }] })
  yield* command("POST", `${path}/session/stop`)
  yield* retireAll(body.threadId)
  return body.threadId
})

const hasImage = Effect.map(call(`/v1/blobs/${hashOf(png)}`), ({ status }) => status === 200)

/** A bundle as versions made it that knew no blobs in bundles. */
const withoutBlobs = (bundle: Uint8Array): Uint8Array => {
  const lines = gunzipSync(bundle).toString().trimEnd().split("\n")
  const [last = "", ...rest] = lines.filter((line) => !/^\{"(?:blob|bytes)"/.test(line)).reverse()
  const body = rest.reverse().join("\n").replace('"version":2', '"version":1')
  const { blobs: _blobs, ...end } = JSON.parse(last).end
  const sha256 = hashOf(Buffer.from(`${body}\n`))
  return gzipSync(`${body}\n${JSON.stringify({ end: { ...end, sha256 } })}\n`)
}

interface Setting {
  readonly folder: string
  readonly retain: (into: ArchivePlace | null, more?: Partial<ArchiveCall>) => ReturnType<typeof archiveThreads>
  readonly threadfold: Threadfold
}

const purgeBy =
  ({ purgeThread }: Pick<Threadfold, "purgeThread">): ArchiveCall["purge"] =>
  (threadId, ifVersion) =>
    Effect.mapError(purgeThread(threadId, { ifVersion }), asProblem)

const withServer = <A, E>(body: (setting: Setting) => Effect.Effect<A, E, Engine | HttpServer | WorkReads>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const folder = yield* temporaryDirectory
      const work = Effect.gen(function* () {
        const threadfold = yield* makeThreadfold(yield* HttpServer, {})
        // The test's clock is that of the machine: a day later everything has rested for long.
        const now = Date.now() + day
        const call = { file: databaseFile(directory), olderMs: day / 2, now, onThread: () => undefined }
        const retain: Setting["retain"] = (into, more) =>
          archiveThreads({ ...call, into, purge: purgeBy(threadfold), ...more }).pipe(
            Effect.provideService(JobStarter, jobsHere),
          )
        return yield* body({ folder, retain, threadfold })
      })
      return yield* Effect.provide(work, serverOn(directory))
    }),
  )

const statusOf = (threadId: string) =>
  Effect.map(callAs(ThreadPage, `/v1/threads/${threadId}`), ({ body }) => body.thread.status)

describe("retention", () => {
  it.live("archives what rests, names why the others stay, and adds nothing when it is repeated", () =>
    withServer(({ folder, retain }) =>
      Effect.gen(function* () {
        const [first, second, living] = [yield* thread(1), yield* thread(2), yield* thread(3, true)]
        const into = { kind: "folder", path: folder } as const
        const preview = yield* retain(null)
        expect(preview).toMatchObject({ ok: true, dryRun: true, looked: 3, due: 2, archived: 0 })
        expect(preview.kept).toMatchObject([{ reason: "session-lives", threads: 1 }])
        expect(yield* retain(into, { olderMs: 2 * day })).toMatchObject({
          due: 0,
          kept: [{ reason: "recent", threads: 3 }],
        })
        expect(readdirSync(folder)).toEqual([])

        const report = yield* retain(into)
        expect(report).toMatchObject({ ok: true, dryRun: false, looked: 3, due: 2, archived: 2 })
        for (const id of [first, second]) {
          const entry = report.threads.find(({ threadId }) => threadId === id)
          const page = (yield* callAs(ThreadPage, `/v1/threads/${id}`)).body
          expect([entry?.outcome, page.thread.status]).toEqual(["archived", "purged"])
        }
        expect(report.threads.find(({ threadId }) => threadId === living)).toMatchObject({
          outcome: "kept",
          reason: "session-lives",
        })
        expect(readdirSync(folder)).toHaveLength(2)
        expect(yield* retain(into)).toMatchObject({ ok: true, looked: 1, due: 0, purgedBefore: 2 })
        expect(readdirSync(folder)).toHaveLength(2)
      }),
    ),
  )

  it.live("is gone on with where it was stopped between a bundle and its purge", () =>
    withServer(({ folder, retain, threadfold }) =>
      Effect.gen(function* () {
        const id = yield* thread(1)
        for (const into of [
          { kind: "folder", path: folder },
          { kind: "file", path: join(folder, "all.bundle") },
        ] as const) {
          const lost = new Problem({ slug: "unavailable", detail: "The server is gone." })
          const failed = yield* Effect.flip(retain(into, { purge: () => Effect.fail(lost) }))
          expect(failed).toBe(lost)
          // The bundle is there, and so is the thread.
          expect(yield* statusOf(id)).not.toBe("purged")
        }
        const before = readdirSync(folder)
        expect(before).toHaveLength(2)
        const files = before.map((name) => readFileSync(join(folder, name)))
        const asked: number[] = []
        const report = yield* retain(
          { kind: "folder", path: folder },
          {
            purge: (threadId, ifVersion) => {
              asked.push(ifVersion)
              return purgeBy(threadfold)(threadId, ifVersion)
            },
          },
        )
        expect(report).toMatchObject({ ok: true, archived: 1 })
        expect(report.threads[0]?.events).toBe(asked[0])
        expect(readdirSync(folder).map((name) => readFileSync(join(folder, name)))).toEqual(files)
      }),
    ),
  )

  it.live("leaves a thread whole that goes on meanwhile, and one whose bundle is damaged or of others", () =>
    withServer(({ folder, retain, threadfold }) =>
      Effect.gen(function* () {
        const id = yield* thread(1)
        const into = { kind: "folder", path: folder } as const
        const goesOn = yield* retain(into, {
          purge: (threadId, ifVersion) =>
            Effect.zipRight(
              Effect.mapError(threadfold.renameThread(threadId, { title: "it goes on" }), asProblem),
              purgeBy(threadfold)(threadId, ifVersion),
            ),
        })
        expect(goesOn).toMatchObject({
          ok: false,
          due: 1,
          archived: 0,
          threads: [{ threadId: id, outcome: "moved-on" }],
        })
        expect(goesOn.threads[0]?.detail).toMatch(/version/)
        // The bundle of the earlier version is of no use.
        expect(readdirSync(folder)).toEqual([])

        const file = join(folder, "all.bundle")
        const lost = new Problem({ slug: "unavailable", detail: "The server is gone." })
        yield* Effect.flip(retain({ kind: "file", path: file }, { purge: () => Effect.fail(lost) }))
        const whole = readFileSync(file)
        writeFileSync(file, whole.subarray(0, whole.length - 30))
        const damaged = yield* retain({ kind: "file", path: file })
        expect(damaged).toMatchObject({ ok: false, threads: [{ outcome: "not-verified" }] })
        writeFileSync(file, whole)
        const second = yield* thread(2)
        const both = yield* retain({ kind: "file", path: file })
        const outcomes = new Map(both.threads.map(({ outcome, threadId }) => [threadId, outcome]))
        expect([outcomes.get(id), outcomes.get(second)]).toEqual(["archived", "not-verified"])
        expect([yield* statusOf(id), yield* statusOf(second)]).toEqual(["purged", "stopped"])
        // Nothing that was there is written over or removed.
        expect(readFileSync(file)).toEqual(whole)
      }),
    ),
  )

  it.live("leaves bundles that come back as copies, and not under the id of their tombstone", () =>
    withServer(({ folder, retain }) =>
      Effect.gen(function* () {
        const id = yield* thread(1)
        const { threads } = yield* retain({ kind: "folder", path: folder })
        const body = readFileSync(threads[0]?.file ?? "")
        const post = { method: "POST", body, headers: { "content-type": "application/gzip" } }
        const refused = yield* problemOfCall("/v1/imports?source=threadfold", post)
        expect(refused.slug).toBe("bundle-conflict")
        expect(refused.detail).toMatch(/was purged here.*--as-copy/)
        const { body: report } = yield* callAs(ImportReport, "/v1/imports?source=threadfold&asCopy=true", post)
        const [copy] = report.threads
        expect(copy?.threadId).not.toBe(id)
        expect(copy?.events).toBe(threads[0]?.events)
        expect(yield* statusOf(copy?.threadId ?? "")).toBe("stopped")
      }),
    ),
  )

  it.live("keeps the images of a thread in its bundle, and the thread where its bundle lacks them", () =>
    withServer(({ folder, retain, threadfold }) =>
      Effect.gen(function* () {
        const id = yield* threadWithImage
        const into = { kind: "folder", path: folder } as const
        const lost = new Problem({ slug: "unavailable", detail: "The server is gone." })
        yield* Effect.flip(retain(into, { purge: () => Effect.fail(lost) }))
        const file = join(folder, readdirSync(folder)[0] ?? "")
        const whole = readFileSync(file)
        writeFileSync(file, withoutBlobs(whole))
        const kept = yield* retain(into)
        expect(kept).toMatchObject({ ok: false, archived: 0, threads: [{ threadId: id, outcome: "not-verified" }] })
        expect(kept.threads[0]?.detail).toMatch(/lacks images or files/)
        expect([(yield* statusOf(id)) === "purged", yield* hasImage]).toEqual([false, true])

        writeFileSync(file, whole)
        expect(yield* retain(into)).toMatchObject({ ok: true, archived: 1 })
        while ((yield* threadfold.purgeOf(id)).status !== "finished") yield* Effect.sleep("10 millis")
        expect(yield* hasImage).toBe(false)
        const body = readFileSync(file)
        const sent = { method: "POST", body, headers: { "content-type": "application/gzip" } }
        const { body: report } = yield* callAs(ImportReport, "/v1/imports?source=threadfold&asCopy=true", sent)
        expect(report.bundle?.blobs).toEqual({ carried: 1, added: 1, leftOut: 0, missing: 0 })
        expect(yield* hasImage).toBe(true)
      }),
    ),
  )

  it.live("purges over HTTP only while the thread is at the version that is named", () =>
    withServer(() =>
      Effect.gen(function* () {
        const id = yield* thread(1)
        const purge = (query: string) => problemOfCall(`/v1/threads/${id}/purge${query}`, { method: "POST" })
        expect((yield* purge("?ifVersion=1")).slug).toBe("precondition-failed")
        expect((yield* purge("?ifVersion=x")).slug).toBe("invalid-request")
        expect(yield* statusOf(id)).toBe("stopped")
      }),
    ),
  )
})
