/** The client against a real server: typed calls, typed problems, and events across lost connections. */
import { describe, expect, it } from "@effect/vitest"
import { connect, events, makeClient, type StreamMessage } from "@threadfold/client"
import { ProviderEvent, SessionId } from "@threadfold/contracts"
import { ProblemDetails } from "@threadfold/contracts/problem"
import { Chunk, Effect, Exit, Fiber, Queue, Schema, Scope, Stream } from "effect"
import { HttpServer } from "../../src/http/index.js"
import { range } from "./support/Sse.js"
import {
  attach,
  callAs,
  notices,
  push,
  serverOn,
  sessionId,
  temporaryDirectory,
  testServer,
} from "./support/TestServer.js"

const session = sessionId(1)
const body = { provider: "test", nativeThreadId: "native-1", leaseMs: 600_000 }
const opened = Effect.map(attach(session, body), (answer) => answer.body)
const path = { sessionId: session }

const sequenceOf = (message: StreamMessage) => (message.kind === "event" ? message.event.sequence : null)
const upTo =
  (last: number) =>
  <E>(messages: Stream.Stream<StreamMessage, E>) =>
    Stream.takeUntil(messages, (message) => sequenceOf(message) === last)
const sequences = (messages: Iterable<StreamMessage>) =>
  [...messages].map(sequenceOf).filter((sequence) => sequence !== null)

describe("the client", () => {
  it.live("calls by name and shape, and fails with the server's problem", () =>
    Effect.gen(function* () {
      const client = yield* makeClient(yield* HttpServer)
      expect((yield* client.livez()).status).toBe("ok")
      const made = yield* client.sessions.attach({ path, payload: body })
      expect(Schema.is(SessionId)(made.sessionId)).toBe(true)
      const payload = notices(1, 2).map((each) => Schema.decodeUnknownSync(ProviderEvent)(each))
      const pushed = yield* client.sessions.push({ path, payload })
      expect(pushed.results.map(({ status }) => status)).toEqual(["appended", "appended"])
      const page = yield* client.threads.list({ urlParams: { limit: 1 } })
      expect(page.items.map(({ threadId }) => threadId)).toEqual([made.threadId])
      const missing = yield* Effect.flip(client.threads.get({ path: { threadId: sessionId(404) }, urlParams: {} }))
      const { detail, next, status, title } = (yield* callAs(ProblemDetails, `/v1/threads/${sessionId(404)}`)).body
      expect(next.length).toBeGreaterThan(10)
      expect(missing).toMatchObject({ _tag: "Problem", slug: "thread-not-found", detail, next, status, title })
      const nowhere = connect({ url: "http://127.0.0.1:9", token: "none" }, { patienceMs: 0 })
      const unreached = yield* Effect.flip(Effect.tryPromise({ try: () => nowhere.usage(), catch: Object }))
      expect(unreached).toMatchObject({ _tag: "Unavailable", next: expect.stringContaining("try again") })
      const conflict = yield* Effect.flip(client.sessions.attach({ path, payload: { ...body, leaseMs: 5_000 } }))
      expect(conflict).toMatchObject({ _tag: "Problem", slug: "session-conflict" })
      const stranger = yield* makeClient({ ...(yield* HttpServer), token: "wrong" })
      expect(yield* Effect.flip(stranger.log.stats({ urlParams: {} }))).toMatchObject({ slug: "unauthorized" })
      expect(yield* client.metrics()).toContain("threadfold_head_sequence 4")
    }).pipe(Effect.provide(testServer())),
  )

  it.live("follows events over a restart of the server: each once and in order", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const first = yield* Scope.make()
      const seen = yield* Queue.unbounded<StreamMessage>()
      const { following, port } = yield* Effect.gen(function* () {
        const server = yield* HttpServer
        yield* opened
        yield* push(session, notices(1, 20))
        const follow = events(server, { backoffMs: [5, 20] }).pipe(
          Stream.tap((message) => Queue.offer(seen, message)),
          upTo(42),
          Stream.runDrain,
        )
        const fiber = yield* Effect.forkDaemon(follow)
        yield* Queue.take(seen).pipe(Effect.repeat({ until: (message) => message.kind === "synced" }))
        return { following: fiber, port: server.port }
      }).pipe(Effect.provide(serverOn(directory)), Scope.extend(first))
      yield* Scope.close(first, Exit.void)
      yield* Effect.gen(function* () {
        yield* push(session, notices(21, 40))
        yield* Fiber.join(following)
        expect(sequences(yield* Queue.takeAll(seen))).toEqual(range(23, 42))
      }).pipe(Effect.provide(serverOn(directory, { port })))
    }).pipe(Effect.scoped),
  )

  it.live("gives up where repetition cannot help", () =>
    Effect.gen(function* () {
      const server = yield* HttpServer
      yield* opened
      const problem = (stream: ReturnType<typeof events>) =>
        Effect.map(Effect.flip(Stream.runDrain(stream)), (failure) => failure._tag === "Problem" && failure.slug)
      expect(yield* problem(events({ ...server, token: "wrong" }))).toBe("unauthorized")
      expect(yield* problem(events(server, { after: "nonsense" }))).toBe("invalid-cursor")
      expect(yield* problem(events(server, { threadId: sessionId(404) }))).toBe("thread-not-found")
    }).pipe(Effect.provide(testServer())),
  )

  it.live("says when a cursor could not be followed, and goes on from the new one", () =>
    Effect.gen(function* () {
      const server = yield* HttpServer
      const { threadId } = yield* opened
      const following = yield* Effect.fork(
        events(server, { after: 999, threadId, types: ["runtime.warning"] }).pipe(upTo(3), Stream.runCollect),
      )
      yield* Effect.yieldNow()
      yield* Effect.iterate(0, {
        while: (streams) => streams === 0,
        body: () =>
          Effect.map(
            Effect.flatMap(makeClient(server), (client) => client.metrics()),
            (text) => Number(/^threadfold_stream_connections (\d+)$/m.exec(text)?.[1]),
          ),
      })
      yield* push(session, notices(1, 1))
      const messages = Chunk.toReadonlyArray(yield* Fiber.join(following))
      expect(messages.map(({ kind }) => kind)).toEqual(["reset", "synced", "event"])
      expect(messages[0]).toMatchObject({ reason: "future", snapshot: `/v1/threads/${threadId}` })
    }).pipe(Effect.provide(testServer())),
  )

  it.live("has a face of promises", () =>
    Effect.gen(function* () {
      const client = connect(yield* HttpServer)
      yield* opened
      yield* Effect.promise(async () => {
        expect((await client.run((api) => api.log.stats({ urlParams: {} }))).events).toBe(2)
        const kinds: string[] = []
        for await (const message of client.events({ after: 1 })) {
          kinds.push(message.kind)
          if (message.kind === "synced") break
        }
        expect(kinds).toEqual(["event", "synced"])
      })
    }).pipe(Effect.provide(testServer())),
  )
})
