/** Commands over HTTP: each route when all is well, and each in the same ways when it is not. */
import { describe, expect } from "@effect/vitest"
import { Receipt, RequestDetail, ThreadSnapshot } from "@threadfold/contracts"
import { CommandView, EventPage, pageOf, ReaperFindings } from "@threadfold/contracts/api"
import { Effect } from "effect"
import { busy, type CommandCase, commandCases, fresh, nobody } from "./support/commandCases.js"
import { command } from "./support/Managed.js"
import { sharing } from "./support/sharing.js"
import { finding, testAgent } from "./support/TestOrchestration.js"
import {
  attach,
  call,
  callAs,
  callText,
  problemOfCall,
  published,
  sessionId,
  testServer,
} from "./support/TestServer.js"

const init = (
  one: Pick<CommandCase, "method">,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): RequestInit => ({
  method: one.method,
  headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
  ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
})

const verdict = (path: string, request: RequestInit) =>
  Effect.map(problemOfCall(path, request), ({ slug, status }) => [status, slug])

describe("commands", () => {
  sharing(testServer(), (test) => {
    for (const one of commandCases) {
      test(`${one.name}: refused, and nothing changes`, () =>
        Effect.gen(function* () {
          const target = yield* one.target
          const path = one.path(target)
          const body = one.body?.(target)
          const head = yield* published
          const naked = yield* call(path, init(one, body, { authorization: "Bearer wrong" }))
          expect(naked.status).toBe(401)
          const foreign = yield* verdict(path, init(one, body, { origin: "https://evil.example" }))
          expect(foreign).toEqual([403, "forbidden-origin"])
          for (const wrong of one.wrong ?? []) {
            expect(yield* verdict(path, init(one, wrong))).toEqual([400, "invalid-request"])
          }
          expect(yield* verdict(path, init(one, "{"))).toEqual([400, "invalid-request"])
          const text = yield* verdict(path, init(one, "{}", { "content-type": "text/plain" }))
          expect(text).toEqual([415, "unsupported-media-type"])
          if (one.unknown !== undefined) {
            const [missing, slug] = one.unknown
            expect(yield* verdict(missing, init(one, body))).toEqual([404, slug])
          }
          const long = yield* verdict(path, init(one, body, { "idempotency-key": "x".repeat(201) }))
          expect(long).toEqual([400, "invalid-request"])
          for (const tag of ["nonsense", '"a", "b"', 'W/"x.1"']) {
            expect(yield* verdict(path, init(one, body, { "if-match": tag }))).toEqual([400, "invalid-request"])
          }
          if (one.resource !== undefined) {
            const { headers } = yield* callText(one.resource(target))
            const stale = (headers.get("etag") ?? "").replace(/\.\d+/, ".1")
            for (const tag of [stale, '"another-log.1"']) {
              expect(yield* verdict(path, init(one, body, { "if-match": tag }))).toEqual([412, "precondition-failed"])
            }
          }
          expect(yield* published).toBe(head)
        }))

      test(`${one.name}: once, however often it is said`, () =>
        Effect.gen(function* () {
          const target = yield* one.target
          const path = one.path(target)
          const body = one.body?.(target)
          const before = yield* published
          const etag = one.resource === undefined ? null : (yield* callText(one.resource(target))).headers.get("etag")
          const key = { "idempotency-key": `${one.name} of ${target.threadId}` }
          const said = init(one, body, { ...key, ...(etag === null ? {} : { "if-match": etag }) })
          const first = yield* callAs(Receipt, path, said)
          expect(first.status).toBe(202)
          const head = yield* published
          expect(first.body.sequence).toBe(head)
          const { body: page } = yield* callAs(EventPage, `/v1/events?after=${before}`)
          expect(page.items.map(({ type }) => type)).toEqual(one.events)
          expect(new Set(page.items.map(({ commandId }) => commandId))).toEqual(
            new Set(one.events.length === 0 ? [] : [first.body.commandId]),
          )
          // A retry is given the first answer, whatever has become of the resource since.
          const again = yield* callAs(Receipt, path, said)
          expect([again.status, again.body]).toEqual([202, first.body])
          const other = one.name === "archive a thread" ? "unarchive" : "archive"
          const conflict = yield* verdict(`/v1/threads/${target.threadId}/${other}`, { method: "POST", headers: key })
          expect(conflict).toEqual([409, "command-conflict"])
          expect(yield* published).toBe(head)
          const { body: view } = yield* callAs(CommandView, `/v1/commands/${first.body.commandId}`)
          expect(view.effects.every(({ status }) => status === "pending")).toBe(true)
        }))
    }

    test("say where what they made is", () =>
      Effect.gen(function* () {
        const created = yield* command("POST", "/v1/threads", { agent: testAgent.name, threadId: sessionId(50) })
        expect(created.body.threadId).toBe(sessionId(50))
        expect(created.headers.get("location")).toBe(`/v1/threads/${sessionId(50)}`)
        const sent = yield* command("POST", `/v1/threads/${sessionId(50)}/messages`, { text: "Hello" })
        expect(sent.headers.get("location")).toBe(`/v1/turns/${sent.body.turnId}`)
        expect((yield* callText(sent.headers.get("location") ?? "")).status).toBe(200)
        const { body: view } = yield* callAs(CommandView, `/v1/commands/${sent.body.commandId}`)
        expect(view.effects).toMatchObject([{ kind: "turn.start", status: "pending", turnId: sent.body.turnId }])
        expect(JSON.stringify(view)).not.toContain("Hello")
        const twice = yield* command("POST", "/v1/threads", { agent: testAgent.name, threadId: sessionId(50) })
        expect(twice.body.threadId).toBe(sessionId(50))
      }))

    test("of the same words with other keys are two commands, and without a key as well", () =>
      Effect.gen(function* () {
        const create = (headers: Readonly<Record<string, string>>) =>
          command("POST", "/v1/threads", { agent: testAgent.name }, headers)
        const made = yield* Effect.all([
          create({}),
          create({}),
          create({ "idempotency-key": "a" }),
          create({ "idempotency-key": "b" }),
          create({ "idempotency-key": "a" }),
        ])
        const ids = made.map(({ body }) => body.threadId)
        expect([new Set(ids).size, ids[4]]).toEqual([4, ids[2]])
      }))

    test("are refused by the thread's state with a problem of their own", () =>
      Effect.gen(function* () {
        const { messageIds, requestId, threadId } = yield* busy
        const post = (path: string, body: object) => problemOfCall(path, init({ method: "POST" }, body))
        const messages = `/v1/threads/${threadId}/messages`
        expect((yield* post(messages, { text: "x", mode: "start" })).slug).toBe("turn-active")
        const order = init({ method: "PUT" }, { messageIds: messageIds.slice(1) })
        expect((yield* problemOfCall(`/v1/threads/${threadId}/queue`, order)).slug).toBe("queue-conflict")
        yield* command("POST", `/v1/requests/${requestId}/respond`, { decision: "accept" })
        const late = yield* post(`/v1/requests/${requestId}/respond`, { decision: "decline" })
        expect([late.status, late.slug]).toEqual([409, "request-ended"])
        const gone = yield* problemOfCall(`/v1/threads/${threadId}`, { method: "DELETE" })
        expect([gone.status, gone.slug]).toEqual([409, "thread-busy"])
        const nowhere = yield* problemOfCall(`/v1/threads/${threadId}/queue/${nobody}`, { method: "DELETE" })
        expect([nowhere.status, nowhere.slug]).toEqual([404, "resource-not-found"])
        expect((yield* post("/v1/threads", { agent: "nobody" })).slug).toBe("agent-not-found")
        const { body: session } = yield* attach(sessionId(60), { provider: "x", nativeThreadId: "n", leaseMs: 60_000 })
        const foreign = yield* post(`/v1/threads/${session.threadId}/messages`, { text: "x" })
        expect([foreign.status, foreign.slug]).toEqual([409, "thread-not-run"])
      }))

    test("take long texts, and no longer ones", () =>
      Effect.gen(function* () {
        const { threadId } = yield* fresh
        const path = `/v1/threads/${threadId}/messages`
        const long = init({ method: "POST" }, { text: "ä".repeat(1_000_001) })
        expect((yield* problemOfCall(path, long)).slug).toBe("invalid-request")
        const huge = init({ method: "POST" }, { text: "x".repeat(17 * 1024 * 1024) })
        expect((yield* problemOfCall(path, huge)).slug).toBe("payload-too-large")
        const { body } = yield* command("POST", path, { text: "ä".repeat(1_000_000) })
        expect(body.turnId).not.toBeNull()
      }))

    test("the metrics count them", () =>
      Effect.gen(function* () {
        const { text } = yield* callText("/metrics")
        expect(text).toMatch(/^threadfold_cpu_seconds_total \d+\.\d+$/m)
        expect(text).toMatch(/threadfold_commands_total\{type="message.send",result="accepted"\} \d+/)
        expect(text).toMatch(/threadfold_commands_total\{type="message.send",result="turn-active"\} 1\n/)
      }))
    test("the reaper's findings, and a sweep", () =>
      Effect.gen(function* () {
        expect((yield* callAs(ReaperFindings, "/v1/reaper")).body.items).toEqual([finding])
        const swept = yield* callAs(ReaperFindings, "/v1/reaper/sweep", { method: "POST" })
        expect([swept.status, swept.body.items.map(({ decision }) => decision)]).toEqual([200, ["keep", "reap"]])
      }))

    test("none of it without the token", () =>
      Effect.gen(function* () {
        for (const [method, path] of [
          ["GET", "/v1/agents"],
          ["GET", "/v1/reaper"],
          ["POST", "/v1/reaper/sweep"],
          ["GET", "/v1/requests"],
          ["GET", `/v1/requests/${nobody}`],
          ["GET", `/v1/turns/${nobody}`],
          ["GET", `/v1/commands/${nobody}`],
        ] as const) {
          const answer = yield* call(path, { method, headers: { authorization: "" } })
          expect([path, answer.status]).toEqual([path, 401])
        }
      }))

    test("requests: what is open over all threads, and one by its id", () =>
      Effect.gen(function* () {
        const one = yield* busy
        const two = yield* busy
        const open = Effect.map(callAs(pageOf(RequestDetail), "/v1/requests?status=open"), ({ body }) =>
          body.items.map(({ requestId }) => requestId),
        )
        expect(yield* open).toEqual(expect.arrayContaining([one.requestId, two.requestId]))
        yield* command("POST", `/v1/requests/${one.requestId}/respond`, { decision: "accept" })
        expect(yield* open).not.toContain(one.requestId)
        const answering = yield* callAs(pageOf(RequestDetail), "/v1/requests?status=answering")
        expect(answering.body.items).toContainEqual(
          expect.objectContaining({ requestId: one.requestId, status: "answering", decision: "accept" }),
        )
        expect((yield* callAs(pageOf(RequestDetail), "/v1/requests?limit=1")).body.next).not.toBeNull()
        const { body, headers } = yield* callAs(RequestDetail, `/v1/requests/${two.requestId}`)
        expect(body).toMatchObject({ threadId: two.threadId, title: "rm", status: "open" })
        const etag = headers.get("etag") ?? ""
        const same = yield* call(`/v1/requests/${two.requestId}`, { headers: { "if-none-match": etag } })
        expect(same.status).toBe(304)
        const missing = yield* problemOfCall(`/v1/requests/${nobody}`)
        expect([missing.status, missing.slug]).toEqual([404, "request-not-found"])
        expect((yield* problemOfCall("/v1/requests?status=closed")).status).toBe(400)
      }))

    test("a thread shows its queue in the order that was asked for", () =>
      Effect.gen(function* () {
        const { messageIds, threadId } = yield* busy
        const order = [...messageIds].reverse()
        const { body } = yield* command("PUT", `/v1/threads/${threadId}/queue`, { messageIds: order })
        const { body: snapshot } = yield* callAs(
          ThreadSnapshot,
          `/v1/threads/${threadId}?min-sequence=${body.sequence}`,
        )
        expect(snapshot.queue.map(({ messageId }) => messageId)).toEqual(order)
      }))
  })
})
