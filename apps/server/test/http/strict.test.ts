/** What a call says that the API does not know is refused, with what was probably meant; nothing is done. */
import { mkdir, rmdir, writeFile } from "node:fs/promises"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { command } from "./support/Managed.js"
import { testAgent } from "./support/TestOrchestration.js"
import {
  attach,
  call,
  problemOfCall,
  published,
  sessionId,
  temporaryDirectory,
  testServer,
} from "./support/TestServer.js"

const sent = (method: string, body: unknown): RequestInit => ({
  method,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
})
const nobody = "01990000-0000-7000-8000-000000000009"

describe("a call that says what the API does not know", () => {
  it.live("is 400 and names the nearest: parameters, values, types, fields", () =>
    Effect.gen(function* () {
      const { body: opened } = yield* attach(sessionId(1), { provider: "p", nativeThreadId: "n", leaseMs: 60_000 })
      const thread = `/v1/threads/${opened.threadId}`
      const head = yield* published
      const wrong: readonly (readonly [string, string, RequestInit?])[] = [
        ["/v1/threads?limt=5", '"limt"; the nearest is "limit"'],
        ["/v1/events?limit=3", "limit is for pages", { headers: { accept: "text/event-stream" } }],
        ["/v1/threads?status=idel", 'status: there is no value "idel"; the nearest is "idle"'],
        ["/v1/threads?archived=yes", 'archived: there is no value "yes"'],
        [`${thread}?min-sequenc=1`, '"min-sequence"'],
        [`${thread}/turns?odrer=asc`, '"order"'],
        [`${thread}/items?turn=1`, '"turnId"'],
        [`${thread}/events?type=turn.started`, '"types"'],
        [
          "/v1/events?types=turn.strated",
          'types: there is no event type "turn.strated"; the nearest is "turn.started"',
        ],
        ["/v1/requests?status=opne", '"open"'],
        ["/v1/anomalies?reason=seqgap", '"seq-gap"'],
        ["/v1/invariants?x=1", "none is taken here"],
        ["/livez?x", "none is taken here"],
        [`${thread}/messages?mode=steer`, "none is taken here", sent("POST", { text: "t" })],
        [
          `${thread}/messages`,
          'mode: there is no value "stear"; the nearest is "steer"',
          sent("POST", { text: "t", mode: "stear" }),
        ],
        ["/v1/threads", '"titel"; the nearest is "title"', sent("POST", { agent: testAgent.name, titel: "x" })],
        [
          `/v1/sessions/${sessionId(2)}`,
          '"leasMs"; the nearest is "leaseMs"',
          sent("PUT", { provider: "p", nativeThreadId: "x", leasMs: 5_000 }),
        ],
      ]
      for (const [path, said, init] of wrong) {
        const problem = yield* problemOfCall(path, init)
        expect([path, problem.status, problem.slug]).toEqual([path, 400, "invalid-request"])
        expect(problem.detail).toContain(said)
      }
      expect(yield* published).toBe(head)
      for (const path of [
        "/v1/threads?limit=5&status=idle&archived=0",
        "/v1/events?types=turn.started,%20turn.completed",
        "/livez",
        "/?x=1",
      ]) {
        expect([path, (yield* call(path)).status]).toEqual([path, 200])
      }
    }).pipe(Effect.provide(testServer())),
  )

  it.live("about a command that was never given is 404; about one that was, with or without a key, 200", () =>
    Effect.gen(function* () {
      for (const id of [nobody, "no-id"]) {
        const problem = yield* problemOfCall(`/v1/commands/${id}`)
        expect([problem.status, problem.slug]).toEqual([404, "command-not-found"])
      }
      for (const headers of [{}, { "idempotency-key": "a key" }]) {
        const { body } = yield* command("POST", "/v1/threads", { agent: testAgent.name }, headers)
        expect((yield* call(`/v1/commands/${body.commandId}`)).status).toBe(200)
      }
    }).pipe(Effect.provide(testServer())),
  )

  it.live("a folder that is not there is refused, but not to a retry of what was done", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const gone = `${directory}/gone`
        const file = `${directory}/file`
        yield* Effect.promise(() => writeFile(file, ""))
        for (const [cwd, said] of [
          [gone, "there is nothing at"],
          [file, "this is no folder"],
          ["relative", "absolute"],
        ] as const) {
          const problem = yield* problemOfCall("/v1/threads", sent("POST", { agent: testAgent.name, cwd }))
          expect([problem.status, problem.slug]).toEqual([400, "invalid-request"])
          expect(problem.detail).toContain(`cwd: `)
          expect(problem.detail).toContain(said)
        }
        yield* Effect.promise(() => mkdir(gone))
        const key = { "idempotency-key": "make it" }
        const first = yield* command("POST", "/v1/threads", { agent: testAgent.name, cwd: gone }, key)
        yield* Effect.promise(() => rmdir(gone))
        const again = yield* command("POST", "/v1/threads", { agent: testAgent.name, cwd: gone }, key)
        expect(again.body).toEqual(first.body)
        const message = yield* problemOfCall(
          `/v1/threads/${first.body.threadId}/messages`,
          sent("POST", { text: "t", settings: { cwd: gone } }),
        )
        expect([message.status, message.detail]).toEqual([
          400,
          expect.stringContaining("settings.cwd: there is nothing at"),
        ])
      }),
    ).pipe(Effect.provide(testServer())),
  )
})
