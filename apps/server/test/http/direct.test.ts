/** Calls that are answered without the router say byte for byte what the way of all other calls says. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Tracer } from "effect"
import { attach, callText, notices, push, sessionId, testServer } from "./support/TestServer.js"

const session = sessionId(1)

/** Headers that are of the connection, or of the moment. */
const ofTheMoment = new Set(["connection", "date", "keep-alive"])

const comparable = ({ headers, status, text }: Effect.Effect.Success<ReturnType<typeof callText>>) => ({
  status,
  text,
  headers: [...headers].filter(([name]) => !ofTheMoment.has(name)),
})

describe("a read that is answered at once", () => {
  it.live("is the same as through the router, head and body", () =>
    Effect.gen(function* () {
      const { threadId } = (yield* attach(session, { provider: "test", nativeThreadId: "native-1", leaseMs: 600_000 }))
        .body
      yield* push(session, notices(1, 3))
      const thread = `/v1/threads/${threadId}`
      // The router decodes what is percent-encoded; a direct read leaves such a path to it.
      const encoded = `/v1/threads/%30${threadId.slice(1)}`
      expect(encoded).not.toBe(thread)
      for (const rest of ["", "?limit=2", "/turns", "/items?order=asc", "/anomalies", "/usage", "/events?limit=2"]) {
        const direct = yield* callText(`${thread}${rest}`)
        expect(direct.status).toBe(200)
        expect(comparable(direct)).toEqual(comparable(yield* callText(`${encoded}${rest}`)))
      }
      const etag = (yield* callText(thread)).headers.get("etag") ?? ""
      const held = { headers: { "if-none-match": etag } }
      const unchanged = yield* callText(thread, held)
      expect(unchanged.status).toBe(304)
      expect(comparable(unchanged)).toEqual(comparable(yield* callText(encoded, held)))
    }).pipe(Effect.provide(testServer())),
  )

  it.live("shows a thread as it is after each event, and the log's head where another thread changed", () =>
    Effect.gen(function* () {
      const { threadId } = (yield* attach(session, { provider: "test", nativeThreadId: "native-1", leaseMs: 600_000 }))
        .body
      const page = Effect.map(callText(`/v1/threads/${threadId}`), ({ text }) => JSON.parse(text))
      const first = yield* page
      expect((yield* page).thread).toEqual(first.thread)
      yield* attach(sessionId(2), { provider: "test", nativeThreadId: "native-2", leaseMs: 600_000 })
      const later = yield* page
      expect(later.sequence).toBe(first.sequence + 2)
      expect({ ...later, sequence: 0 }).toEqual({ ...first, sequence: 0 })
      yield* push(session, notices(1, 1))
      expect((yield* page).thread.streamVersion).toBe(first.thread.streamVersion + 1)
    }).pipe(Effect.provide(testServer())),
  )

  it.live("has the same span as through the router, below the caller's", () => {
    const ended: Tracer.Span[] = []
    const keeping = Tracer.make({
      context: (run) => run(),
      span: (name, parent, context, links, startTime, kind) => {
        const attributes = new Map<string, unknown>()
        let status: Tracer.SpanStatus = { _tag: "Started", startTime }
        const span: Tracer.Span = {
          _tag: "Span",
          name,
          spanId: "0000000000000001",
          traceId: "00000000000000000000000000000001",
          parent,
          context,
          get status() {
            return status
          },
          attributes,
          links,
          sampled: true,
          kind,
          end: (endTime, exit) => {
            status = { _tag: "Ended", startTime, endTime, exit }
            ended.push(span)
          },
          attribute: (key, value) => void attributes.set(key, value),
          event: () => undefined,
          addLinks: () => undefined,
        }
        return span
      },
    })
    const shown = ({ attributes, kind, name, parent, status }: Tracer.Span) => ({
      attributes: Object.fromEntries([...attributes].filter(([key]) => key !== "url.full" && key !== "url.path")),
      caller: parent._tag === "Some" ? parent.value.traceId : null,
      isDone: status._tag === "Ended" && status.exit._tag === "Success" && status.endTime >= status.startTime,
      kind,
      name,
    })
    return Effect.gen(function* () {
      const { threadId } = (yield* attach(session, { provider: "test", nativeThreadId: "native-1", leaseMs: 600_000 }))
        .body
      ended.length = 0
      const headers = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" }
      yield* callText(`/v1/threads/${threadId}?limit=2`, { headers })
      yield* callText(`/v1/threads/%30${threadId.slice(1)}?limit=2`, { headers })
      const [direct, routed, ...others] = ended.filter(({ name }) => name.startsWith("http.server")).map(shown)
      expect(others).toEqual([])
      expect(direct).toMatchObject({ caller: "0af7651916cd43dd8448eb211c80319c", isDone: true, kind: "server" })
      expect(direct).toEqual(routed)
      expect(JSON.stringify(direct)).not.toContain("Bearer")
    }).pipe(Effect.provide(Layer.provideMerge(testServer({ traced: true }), Layer.setTracer(keeping))))
  })

  it.live("makes no span where none are made", () => {
    const refusing = Tracer.make({
      context: (run) => run(),
      span: () => {
        throw new Error("a span was made")
      },
    })
    return Effect.gen(function* () {
      expect((yield* callText("/v1/threads")).status).toBe(200)
    }).pipe(Effect.provide(Layer.provideMerge(testServer(), Layer.setTracer(refusing))))
  })
})

describe("a push that is answered without the router", () => {
  it.live("says the same as through it, head and body", () =>
    Effect.gen(function* () {
      yield* attach(session, { provider: "test", nativeThreadId: "native-1", leaseMs: 600_000 })
      const body = notices(1, 3)
        .map((notice) => `${JSON.stringify(notice)}\n`)
        .join("")
      const pushAs = (id: string, headers: Readonly<Record<string, string>>, text = body) =>
        callText(`/v1/sessions/${id}/events`, {
          method: "POST",
          headers: { "content-type": "application/x-ndjson", ...headers },
          body: text,
        })
      // The router decodes what is percent-encoded; a direct push leaves such a path to it.
      const encoded = (id: string) => `%30${id.slice(1)}`
      expect((yield* pushAs(session, {})).text).toContain("appended")
      for (const headers of [{}, { accept: "application/x-ndjson" }, { "content-type": "application/json" }]) {
        for (const text of [
          body,
          '{"seq": 9, "channel": "adapter:test"}',
          "no JSON",
          `[${body.trim().replaceAll("\n", ",")}]`,
        ]) {
          // What is stored at the first time is a duplicate at the second and third.
          yield* pushAs(session, headers, text)
          const direct = yield* pushAs(session, headers, text)
          expect(comparable(yield* pushAs(encoded(session), headers, text))).toEqual(comparable(direct))
        }
      }
      const asJson = yield* pushAs(session, { accept: "application/x-ndjson;q=0, application/json" })
      expect(asJson.headers.get("content-type")).toBe("application/json")
      const unknown = yield* pushAs(sessionId(9), {})
      expect(unknown.status).toBe(404)
      expect(comparable(yield* pushAs(encoded(sessionId(9)), {}))).toEqual(comparable(unknown))
    }).pipe(Effect.provide(testServer())),
  )
})
