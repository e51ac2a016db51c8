/** Imports while the server runs: uploads, recordings below a root, and what is refused before anything is stored. */
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { ImportReport } from "@threadfold/contracts"
import { AttachedSession, ImportList, ImportView } from "@threadfold/contracts/api"
import { recording, traceBundles } from "@threadfold/testkit"
import { Effect, Layer } from "effect"
import { HttpServer } from "../../src/http/index.js"
import { recognizeFile } from "../../src/imports/importSessions.js"
import { importGrowing } from "../../src/imports/importThrough.js"
import { countingProxy } from "./support/countingProxy.js"
import { openSocket, readAll, requestText, say, verdictOf } from "./support/RawSocket.js"
import { sharing } from "./support/sharing.js"
import {
  attach,
  callAs,
  problemOfCall,
  published,
  serverOn,
  sessionId,
  temporaryDirectory,
} from "./support/TestServer.js"

const text = readFileSync(recording("codex-01-plain").path, "utf8")
const native = "01a1f74e-8800-73c1-ac2b-faeef82c5526"
const ndjson = { "content-type": "application/x-ndjson" }
const imports = "/v1/imports"

const upload = (body: string, query = "") =>
  callAs(ImportReport, `${imports}${query}`, { method: "POST", headers: ndjson, body })
const refused = (body: string, query = "", headers: Readonly<Record<string, string>> = ndjson) =>
  Effect.map(problemOfCall(`${imports}${query}`, { method: "POST", headers, body }), ({ slug, status }) => [
    status,
    slug,
  ])
const byPath = (path: string) => refused(JSON.stringify({ path }), "", { "content-type": "application/json" })

/** A server of its own, with the directory that it is over. */
const own = (limits: { readonly uploadBytes?: number; readonly concurrent?: number; readonly rooted?: boolean }) =>
  Effect.map(temporaryDirectory, (parent) => {
    const directory = join(parent, "data")
    const root = join(parent, "root")
    mkdirSync(root)
    const { concurrent = 2, rooted = false, uploadBytes = 1024 ** 2 } = limits
    const server = serverOn(directory, {
      imports: { root: rooted ? root : null, uploadBytes, concurrent },
    })
    return { directory, parent, root, server }
  })

/** Reads again and again until it is so: each time is a call, and takes as long as that. */
const eventually = <A, E, R>(read: Effect.Effect<A, E, R>, isSo: (value: A) => boolean) =>
  Effect.repeat(read, { until: isSo })

const listed = Effect.map(callAs(ImportList, imports), ({ body }) => body.items)

describe("an upload", () => {
  sharing(Layer.unwrapScoped(Effect.map(own({}), ({ server }) => server)), (test) => {
    test("is imported as the command imports it, and adds nothing the second time", () =>
      Effect.gen(function* () {
        const importId = sessionId(77)
        const first = yield* upload(text, `?source=codex-app-server&name=plain.jsonl&importId=${importId}`)
        const { events, kept, lines, mapped, threads, unreadable } = first.body
        expect(lines).toBe(text.trimEnd().split("\n").length)
        expect(mapped + kept + unreadable).toBe(lines)
        expect(threads).toEqual([expect.objectContaining({ nativeThreadId: native, anomalies: 0 })])
        expect(events).toBe(yield* published)
        expect(first.headers.get("location")).toBe(`${imports}/${importId}`)
        const view = yield* callAs(ImportView, `${imports}/${importId}`)
        expect(view.body).toMatchObject({
          importId,
          name: "plain.jsonl",
          source: "codex-app-server",
          state: "completed",
          events,
          report: first.body,
          problem: null,
        })
        const again = yield* upload(text)
        expect(again.body).toEqual({ ...first.body, events: 0, threads: [{ ...threads[0], events: 0 }] })
        expect((yield* listed).map(({ name, state }) => [name, state])).toEqual([
          ["upload", "completed"],
          ["plain.jsonl", "completed"],
        ])
      }))

    test("is refused before anything is stored where it is no recording, or of no known kind", () =>
      Effect.gen(function* () {
        const before = yield* published
        expect(yield* refused("some text\n")).toEqual([400, "not-a-recording"])
        expect(yield* refused("")).toEqual([400, "not-a-recording"])
        expect(yield* refused(text, "?source=rollout")).toEqual([400, "invalid-request"])
        expect(yield* refused(text, "?sauce=codex-app-server")).toEqual([400, "invalid-request"])
        expect(yield* refused(text, "?importId=7")).toEqual([400, "invalid-request"])
        expect(yield* refused(text, "", { "content-type": "text/plain" })).toEqual([415, "unsupported-media-type"])
        expect(yield* published).toBe(before)
      }))

    test("that goes on with one before sends what was added, and leads to the log of a whole import", () =>
      Effect.gen(function* () {
        const lines = readFileSync(recording("codex-02-approval-untrusted-accept").path, "utf8")
        const cut = lines.indexOf("\n", lines.length / 2) - 7
        const sha = (bytes: string) => createHash("sha256").update(bytes).digest("hex")
        const grows = `?leaveOpen=true&upload=${sessionId(91)}`
        const part = (from: number, prefix = sha(lines.slice(0, from))) => `${grows}&from=${from}&prefix=${prefix}`
        const first = yield* upload(lines.slice(0, cut), grows)
        expect(first.body.events).toBeGreaterThan(0)
        // Other bytes before it, other places, other uploads.
        const rest = lines.slice(cut)
        for (const query of [part(cut, sha("other")), part(cut - 1), part(cut).replace(sessionId(91), sessionId(92))]) {
          expect(yield* refused(rest, query)).toEqual([409, "upload-not-kept"])
        }
        // A part that breaks off leaves what is kept as it is.
        const headers = { ...ndjson, "content-length": String(rest.length) }
        const broken = requestText(yield* HttpServer, "POST", `${imports}${part(cut)}`, headers, rest.slice(0, 5))
        expect(verdictOf(yield* say(broken, true)).slug).toBe("invalid-request")
        const second = yield* upload(rest, part(cut))
        expect(second.body.events).toBeGreaterThan(0)
        expect((yield* upload("", part(lines.length))).body.events).toBe(0)
        const head2 = yield* published
        expect((yield* upload(lines, "?leaveOpen=true")).body).toMatchObject({ events: 0, lines: second.body.lines })
        expect(yield* published).toBe(head2)
      }))

    test("of a file that is followed sends what was added, and all of it where the file was written anew", () =>
      Effect.scoped(
        Effect.gen(function* () {
          const lines = readFileSync(recording("codex-04-approval-untrusted-cancel").path, "utf8")
          const file = join(yield* temporaryDirectory, "growing.jsonl")
          const bound = yield* HttpServer
          const counted = yield* countingProxy(bound.port)
          const growing = importGrowing({ ...bound, url: `http://127.0.0.1:${counted.port}` })
          const grown = (bytes: number) =>
            Effect.gen(function* () {
              writeFileSync(file, lines.slice(0, bytes))
              const before = counted.sent()
              const report = yield* growing(yield* recognizeFile(file, "codex-app-server"), { leaveOpen: true })
              return { events: report.events, sent: counted.sent() - before }
            })
          const half = Math.floor(lines.length / 2)
          const overhead = 2_000
          const first = yield* grown(half)
          expect(first.sent).toBeGreaterThan(half)
          const second = yield* grown(half + 300)
          expect(second.sent).toBeLessThan(300 + overhead)
          const third = yield* grown(lines.length)
          expect(third.sent).toBeLessThan(lines.length - half - 300 + overhead)
          expect(first.events + second.events + third.events).toBeGreaterThan(first.events)
          // Nothing is left out, and nothing was taken twice.
          const head = yield* published
          expect((yield* upload(lines, "?leaveOpen=true")).body.events).toBe(0)
          expect(yield* published).toBe(head)
          // Written anew, and longer: the server sees all of it.
          writeFileSync(file, `{"other":"line"}\n${lines}`)
          const before = counted.sent()
          yield* Effect.ignore(growing(yield* recognizeFile(file, "codex-app-server"), { leaveOpen: true }))
          expect(counted.sent() - before).toBeGreaterThan(lines.length)
        }),
      ))

    test("is refused with parameters of a part that mean nothing", () =>
      Effect.gen(function* () {
        const upload = `?upload=${sessionId(93)}`
        const prefix = "0".repeat(64)
        for (const query of [
          "?from=3",
          `?prefix=${prefix}`,
          `${upload}&from=3`,
          `${upload}&prefix=${prefix}`,
          `${upload}&from=3&prefix=0`,
          "?upload=7",
        ]) {
          expect([query, yield* refused(text, query)]).toEqual([query, [400, "invalid-request"]])
        }
        expect(yield* refused(text, `${upload}&from=3&prefix=${prefix}`)).toEqual([409, "upload-not-kept"])
      }))

    test("of a path is refused where no folder is named for that", () =>
      Effect.map(byPath("plain.jsonl"), (verdict) => expect(verdict).toEqual([403, "path-not-allowed"])))

    test("with a parameter that means nothing for its kind is refused, and nothing is stored", () =>
      Effect.gen(function* () {
        const head = yield* published
        const verdicts = [
          yield* refused(text, "?asCopy=x"),
          yield* refused(text, "?asCopy=x&source=codex-app-server"),
          yield* refused(text, "?source=threadfold&leaveOpen=true"),
          yield* refused("", "?source=codex-app-sever"),
        ]
        expect(verdicts.map((verdict) => verdict.join(" "))).toEqual(
          Array.from({ length: 4 }, () => "400 invalid-request"),
        )
        expect(yield* published).toBe(head)
      }))

    test("whose path is very long is refused in few words", () =>
      Effect.gen(function* () {
        const body = JSON.stringify({ path: "a".repeat(500_000) })
        const headers = { "content-type": "application/json" }
        const { detail, slug } = yield* problemOfCall(imports, { method: "POST", headers, body })
        expect([slug, detail.length < 10_000]).toEqual(["invalid-request", true])
      }))

    test("of an unknown id is not found", () =>
      Effect.map(problemOfCall(`${imports}/${sessionId(1)}`), ({ slug, status }) =>
        expect([status, slug]).toEqual([404, "import-not-found"]),
      ))
  })

  it.live("into a thread whose session is live is refused, and goes through when that has ended", () =>
    Effect.gen(function* () {
      const { server } = yield* own({})
      yield* Effect.gen(function* () {
        const lines = text.split("\n")
        const begun = yield* upload(`${lines.slice(0, 24).join("\n")}\n`)
        const threadId = begun.body.threads[0]?.threadId
        yield* attach(sessionId(1), { provider: "test", threadId, leaseMs: 600_000 })
        const before = yield* published
        expect(yield* refused(text)).toEqual([409, "thread-busy"])
        expect(yield* published).toBe(before)
        expect((yield* listed).map(({ problem, state }) => [state, problem?.type])).toEqual([
          ["failed", "urn:threadfold:problem:thread-busy"],
          ["completed", undefined],
        ])
        yield* callAs(AttachedSession, `/v1/sessions/${sessionId(1)}`, { method: "DELETE" })
        expect((yield* upload(text)).body.events).toBeGreaterThan(0)
      }).pipe(Effect.provide(server))
    }).pipe(Effect.scoped),
  )

  it.live("that is longer than it may be is refused, announced or not", () =>
    Effect.gen(function* () {
      const { server } = yield* own({ uploadBytes: 1_000 })
      yield* Effect.gen(function* () {
        expect(yield* refused(text)).toEqual([413, "payload-too-large"])
        const bound = yield* HttpServer
        const socket = yield* openSocket
        const answer = yield* Effect.fork(readAll(socket))
        socket.write(requestText(bound, "POST", imports, { ...ndjson, "transfer-encoding": "chunked" }))
        socket.write(`7d0\r\n${"x".repeat(2_000)}\r\n`)
        expect(verdictOf(yield* answer)).toEqual({ status: 413, slug: "payload-too-large" })
        expect(yield* published).toBe(0)
      }).pipe(Effect.provide(server), Effect.scoped)
    }).pipe(Effect.scoped),
  )

  it.live("that breaks off stores nothing and leaves no file; while it comes, no more than so many run", () =>
    Effect.gen(function* () {
      const { directory, server } = yield* own({ concurrent: 1 })
      yield* Effect.gen(function* () {
        const bound = yield* HttpServer
        const socket = yield* openSocket
        const length = String(Buffer.byteLength(text))
        socket.write(requestText(bound, "POST", imports, { ...ndjson, "content-length": length }, text.slice(0, 900)))
        const files = Effect.sync(() => readdirSync(directory).filter((name) => name.startsWith("upload-")))
        yield* eventually(
          Effect.zip(listed, files),
          ([items, names]) => items[0]?.state === "running" && names.length === 0,
        )
        expect(yield* refused(text)).toEqual([429, "too-many-requests"])
        socket.destroy()
        const [view] = yield* eventually(listed, (items) => items[0]?.state === "failed")
        expect(view?.problem?.type).toBe("urn:threadfold:problem:invalid-request")
        expect(yield* published).toBe(0)
        expect((yield* upload(text)).body.events).toBeGreaterThan(0)
      }).pipe(Effect.provide(server), Effect.scoped)
    }).pipe(Effect.scoped),
  )

  it.live("is not sent at all by a caller that waits to be asked, where the call is refused", () =>
    Effect.gen(function* () {
      const { server } = yield* own({ uploadBytes: 1_000 })
      yield* Effect.gen(function* () {
        const bound = yield* HttpServer
        const held = { ...ndjson, expect: "100-continue" }
        const refusing = yield* openSocket
        const refusal = yield* Effect.fork(readAll(refusing))
        refusing.write(requestText(bound, "POST", imports, { ...held, "content-length": "99999" }))
        const refusedWith = yield* refusal
        expect(verdictOf(refusedWith)).toEqual({ status: 413, slug: "payload-too-large" })
        expect(refusedWith).not.toContain("100 Continue")
        const taking = yield* openSocket
        const answer = yield* Effect.fork(readAll(taking))
        taking.once("data", () => taking.write("text\n"))
        taking.write(requestText(bound, "POST", imports, { ...held, "content-length": "5" }))
        expect(yield* answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 400 /)
      }).pipe(Effect.provide(server), Effect.scoped)
    }).pipe(Effect.scoped),
  )
})

describe("a recording below the root", () => {
  it.live("is imported by its path; what leads out of the root is refused", () =>
    Effect.gen(function* () {
      const { parent, root, server } = yield* own({ rooted: true })
      mkdirSync(join(root, "deep"))
      writeFileSync(join(root, "deep", "plain.jsonl"), text)
      writeFileSync(join(parent, "secret.jsonl"), text)
      mkdirSync(join(parent, "root-beside"))
      writeFileSync(join(parent, "root-beside", "plain.jsonl"), text)
      symlinkSync(join(parent, "secret.jsonl"), join(root, "out.jsonl"))
      symlinkSync(parent, join(root, "up"))
      symlinkSync(join(root, "deep", "plain.jsonl"), join(root, "inside.jsonl"))
      execFileSync("mkfifo", [join(root, "pipe")])
      yield* Effect.gen(function* () {
        for (const path of [
          "../secret.jsonl",
          "deep/../../secret.jsonl",
          "out.jsonl",
          "up/secret.jsonl",
          join(root, "deep/plain.jsonl"),
          "../root-beside/plain.jsonl",
          "deep",
          "pipe",
          "a\u0000b",
        ]) {
          expect([path, ...(yield* byPath(path))]).toEqual([path, 403, "path-not-allowed"])
        }
        expect(yield* byPath("nothing.jsonl")).toEqual([404, "recording-not-found"])
        expect(yield* published).toBe(0)
        const named = (path: string) =>
          callAs(ImportReport, imports, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ path }),
          })
        const first = yield* named("deep/plain.jsonl")
        expect(first.body.events).toBe(yield* published)
        expect((yield* named("inside.jsonl")).body.events).toBe(0)
        expect((yield* listed).slice(0, 3).map(({ name, state }) => [name, state])).toEqual([
          ["inside.jsonl", "completed"],
          ["deep/plain.jsonl", "completed"],
          ["nothing.jsonl", "failed"],
        ])
      }).pipe(Effect.provide(server))
    }).pipe(Effect.scoped),
  )

  it.live("may be the folder of a trace; what a link puts elsewhere is refused", () =>
    Effect.gen(function* () {
      const [trace] = traceBundles
      if (trace === undefined) return yield* Effect.dieMessage("no trace")
      const { parent, root, server } = yield* own({ rooted: true })
      cpSync(trace.path, join(root, "trace-one"), { recursive: true })
      cpSync(trace.path, join(parent, "beside"), { recursive: true })
      symlinkSync(join(parent, "beside"), join(root, "trace-link"))
      mkdirSync(join(root, "trace-two"))
      cpSync(join(trace.path, "trace.jsonl"), join(root, "trace-two", "trace.jsonl"))
      symlinkSync(join(parent, "beside", "payloads"), join(root, "trace-two", "payloads"))
      yield* Effect.gen(function* () {
        expect(yield* byPath("trace-link")).toEqual([403, "path-not-allowed"])
        const bodiesOf = (path: string) =>
          Effect.map(
            callAs(ImportReport, imports, {
              method: "POST",
              headers: { "content-type": "application/json" },
              body: JSON.stringify({ path }),
            }),
            ({ body }) => body.bodies,
          )
        const outside = yield* bodiesOf("trace-two")
        expect([outside?.kept, outside?.problems[0]?.problem]).toEqual([0, "leads out of the folder"])
        // The same trace, now with its bodies: not what was taken before.
        expect(yield* byPath("trace-one")).toEqual([409, "recording-changed"])
      }).pipe(Effect.provide(server))
    }).pipe(Effect.scoped),
  )
})
