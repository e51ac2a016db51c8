/** The gateway as a proxy: what passes, what is recorded of it, and how a call ends. */
import { gzipSync } from "node:zlib"
import { describe, expect, it } from "@effect/vitest"
import { StorageFailed } from "@threadfold/event-log"
import { Effect } from "effect"
import { bodyOf, callModel, completedFrame, frame, itemFrame, proxyFixture, sse, upstream } from "./ProxyFixture.js"

const promise = <A>(run: () => Promise<A>) => Effect.promise(run)

describe("a call through the gateway", () => {
  it.scopedLive("passes unchanged both ways, and is recorded with its request id", () =>
    Effect.gen(function* () {
      const model = yield* upstream
      const of = yield* proxyFixture(model.url)
      const told = `: hello\n\n${frame("response.created", { response: { id: "resp_1" } })}${itemFrame(0)}${completedFrame}`
      let asked: unknown
      model.next((request, response) => {
        const chunks: Buffer[] = []
        request.on("data", (chunk: Buffer) => chunks.push(chunk))
        request.on("end", () => {
          asked = { url: request.url, body: Buffer.concat(chunks).toString(), headers: request.headers }
          response.writeHead(200, { ...sse, "set-cookie": ["a=1", "b=2"], "X-Mixed-Case": "kept" }).end(told)
        })
      })
      const answer = yield* promise(() =>
        callModel(of.baseUrl, {
          path: "/responses?x=%2F1",
          headers: { authorization: "Bearer some-secret-key", "x-own": "1" },
        }),
      )
      const { body, whole } = yield* promise(() => bodyOf(answer))
      expect([body.toString(), whole, answer.statusCode]).toEqual([told, true, 200])
      expect(answer.headers["set-cookie"]).toEqual(["a=1", "b=2"])
      expect(answer.rawHeaders).toContain("X-Mixed-Case")
      expect(asked).toMatchObject({
        url: "/v1/responses?x=%2F1",
        body: '{"model":"m"}',
        headers: { authorization: "Bearer some-secret-key", "x-own": "1", host: new URL(model.url).host },
      })
      expect(yield* of.ended()).toMatchObject([
        { status: "completed", model: "m", upstreamRequestId: "req_1", outputItems: 1, usage: { outputTokens: 3 } },
      ])
      expect(JSON.stringify(yield* of.log)).not.toContain("some-secret-key")
      expect(yield* of.violations).toEqual([])
    }),
  )

  it.scopedLive("reads a compressed stream, and passes its bytes as they are", () =>
    Effect.gen(function* () {
      const model = yield* upstream
      const of = yield* proxyFixture(model.url)
      const packed = gzipSync(`${itemFrame(0)}${itemFrame(1)}${completedFrame}`)
      model.next((_request, response) => {
        response.writeHead(200, { ...sse, "content-encoding": "gzip" })
        for (let at = 0; at < packed.length; at += 10) response.write(packed.subarray(at, at + 10))
        response.end()
      })
      const answer = yield* promise(() => callModel(of.baseUrl))
      const { body } = yield* promise(() => bodyOf(answer))
      expect(body.equals(packed)).toBe(true)
      expect(yield* of.ended()).toMatchObject([{ status: "completed", outputItems: 2, untraced: false }])
    }),
  )

  it.scopedLive("passes what it cannot read, and says that it was not traced", () =>
    Effect.gen(function* () {
      const model = yield* upstream
      const of = yield* proxyFixture(model.url)
      model.next((_request, response) => {
        response.writeHead(200, { ...sse, "content-encoding": "something-new" }).end("abc")
      })
      const { body } = yield* promise(async () => bodyOf(await callModel(of.baseUrl)))
      expect(body.toString()).toBe("abc")
      expect(yield* of.ended()).toMatchObject([{ status: "completed", untraced: true }])
    }),
  )

  it.scopedLive("records an answer that is not streamed, and one that is refused, without the key in its error", () =>
    Effect.gen(function* () {
      const model = yield* upstream
      const of = yield* proxyFixture(model.url)
      const whole = {
        id: "r",
        status: "completed",
        output: [{ type: "message", id: "m1" }],
        usage: { output_tokens: 1 },
      }
      model.next((_request, response) =>
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(whole)),
      )
      model.next((_request, response) =>
        response
          .writeHead(401, { "content-type": "application/json", "request-id": "req_9" })
          .end(JSON.stringify({ error: { message: "Incorrect API key: sk-very-secret-value" } })),
      )
      yield* promise(async () => bodyOf(await callModel(of.baseUrl)))
      const refused = yield* promise(() => callModel(of.baseUrl, { headers: { "x-api-key": "sk-very-secret-value" } }))
      expect(refused.statusCode).toBe(401)
      yield* promise(() => bodyOf(refused))
      expect(yield* of.ended(2)).toMatchObject([
        { status: "completed", outputItems: 1, responseId: "r" },
        { status: "failed", upstreamRequestId: "req_9", error: "HTTP 401: Incorrect API key: [removed]" },
      ])
    }),
  )

  it.scopedLive("passes calls that are none of a model without an attempt, and refuses an unknown base path", () =>
    Effect.gen(function* () {
      const model = yield* upstream
      const of = yield* proxyFixture(model.url)
      model.next((_request, response) => response.end("models"))
      const listed = yield* promise(async () => bodyOf(await callModel(of.baseUrl, { path: "/models" })))
      expect(listed.body.toString()).toBe("models")
      const other = of.baseUrl.replace(/[^/]+\/0$/, `${"A".repeat(43)}/0`)
      expect((yield* promise(() => callModel(other))).statusCode).toBe(404)
      expect(yield* of.attempts).toEqual([])
    }),
  )
})

describe("the end of a call", () => {
  it.scopedLive("a model that cannot be reached is an ordinary error of the agent, and a failed attempt", () =>
    Effect.gen(function* () {
      const of = yield* proxyFixture("http://127.0.0.1:1/v1")
      const answer = yield* promise(() => callModel(of.baseUrl))
      expect(answer.statusCode).toBe(502)
      yield* promise(() => bodyOf(answer))
      expect(yield* of.ended()).toMatchObject([{ status: "failed", error: expect.stringContaining("ECONNREFUSED") }])
    }),
  )

  it.scopedLive("a connection that breaks in the middle of an answer breaks for the agent, too", () =>
    Effect.gen(function* () {
      const model = yield* upstream
      const of = yield* proxyFixture(model.url)
      model.next((_request, response) => {
        response.writeHead(200, sse)
        response.write(itemFrame(0), () => response.socket?.resetAndDestroy())
      })
      const { whole } = yield* promise(async () => bodyOf(await callModel(of.baseUrl)))
      expect(whole).toBe(false)
      expect(yield* of.ended()).toMatchObject([{ status: "failed", outputItems: 1 }])
    }),
  )

  it.scopedLive("an agent that leaves while the model is silent cancels the attempt and the upstream call", () =>
    Effect.gen(function* () {
      const model = yield* upstream
      const of = yield* proxyFixture(model.url)
      const left = new Promise<void>((resolve) =>
        model.next((request) => {
          request.once("close", () => resolve())
          request.resume()
          agent.destroy()
        }),
      )
      const { request: makeRequest } = yield* promise(() => import("node:http"))
      const agent = makeRequest(`${of.baseUrl}/responses`, { method: "POST", agent: false })
      agent.on("error", () => undefined)
      agent.end('{"model":"m"}')
      yield* promise(() => left)
      expect(yield* of.ended()).toMatchObject([{ status: "cancelled", outputItems: 0 }])
    }),
  )

  it.scopedLive("an agent that does not read and then leaves: the items that came are kept", () =>
    Effect.gen(function* () {
      const model = yield* upstream
      const of = yield* proxyFixture(model.url)
      const blocked = new Promise<void>((resolve) =>
        model.next((_request, response) => {
          response.writeHead(200, sse)
          response.write(itemFrame(0))
          // Until neither side takes any more.
          const fill = (): void => {
            while (
              !response.destroyed &&
              response.write(frame("response.output_text.delta", { delta: "x".repeat(10_000) }))
            );
            const timer = setTimeout(resolve, 100)
            response.once("drain", () => {
              clearTimeout(timer)
              fill()
            })
          }
          fill()
        }),
      )
      const answer = yield* promise(() => callModel(of.baseUrl))
      answer.pause()
      yield* promise(() => blocked)
      answer.destroy()
      expect(yield* of.ended()).toMatchObject([{ status: "cancelled", outputItems: 1 }])
    }),
  )

  it.scopedLive("the turn's end closes an attempt that runs; its own end is an anomaly, and no second one", () =>
    Effect.gen(function* () {
      const model = yield* upstream
      const of = yield* proxyFixture(model.url)
      let finish = (): void => undefined
      model.next((_request, response) => {
        response.writeHead(200, sse)
        response.write(itemFrame(0))
        finish = () => void response.end(completedFrame)
      })
      const answer = yield* promise(() => callModel(of.baseUrl))
      const body = bodyOf(answer)
      yield* Effect.repeat(of.attempts, { until: ([first]) => first?.outputItems === 1 })
      yield* of.says("turn.completed", { outcome: "completed" }, "t1")
      expect(yield* of.attempts).toMatchObject([{ status: "cancelled", cause: "turn-ended" }])
      finish()
      yield* promise(() => body)
      yield* Effect.repeat(of.anomalies, { until: (all) => all.length > 0 })
      expect((yield* of.anomalies).map(({ reason }) => reason)).toEqual(["inference-terminal-duplicate"])
      expect(yield* of.attempts).toMatchObject([{ status: "cancelled", cause: "turn-ended", responseId: "resp_1" }])
    }),
  )
})

describe("the stop of the gateway", () => {
  /** A call whose answer has begun. The agent's socket says nothing of its end: the gateway must know it by itself. */
  const underWay = Effect.gen(function* () {
    const model = yield* upstream
    const of = yield* proxyFixture(model.url)
    model.next((_request, response) => void response.writeHead(200, sse).write(itemFrame(0)))
    const answer = yield* promise(() => callModel(of.baseUrl))
    const body = bodyOf(answer)
    yield* Effect.repeat(of.attempts, { until: ([first]) => first?.outputItems === 1 })
    return { of, body }
  })

  it.scopedLive("the call of an agent that runs is a failure of ours, and its connection breaks", () =>
    Effect.gen(function* () {
      const { body, of } = yield* underWay
      yield* of.stop
      expect((yield* promise(() => body)).whole).toBe(false)
      expect(yield* of.attempts).toMatchObject([{ status: "failed", outputItems: 1 }])
    }),
  )

  it.scopedLive("the call of an agent that was ended before is cancelled, also when its socket is still there", () =>
    Effect.gen(function* () {
      const { body, of } = yield* underWay
      yield* of.agentEnds
      yield* of.stop
      expect((yield* promise(() => body)).whole).toBe(false)
      expect(yield* of.attempts).toMatchObject([{ status: "cancelled", outputItems: 1 }])
      expect(yield* of.violations).toEqual([])
    }),
  )
})

describe("what waits for the log", () => {
  it.scopedLive("an item is in the log before the agent gets its last byte; what comes before it passes at once", () =>
    Effect.gen(function* () {
      const model = yield* upstream
      let release = (): void => undefined
      const held = new Promise<void>((resolve) => {
        release = resolve
      })
      const of = yield* proxyFixture(model.url, {
        engine: (engine) => ({
          ...engine,
          submit: (submission) =>
            submission.drafts.some(({ event }) => event.type === "inference.item")
              ? Effect.zipRight(
                  promise(() => held),
                  engine.submit(submission),
                )
              : engine.submit(submission),
        }),
      })
      const delta = frame("response.output_text.delta", { delta: "hi" })
      model.next((_request, response) => response.writeHead(200, sse).end(`${delta}${itemFrame(0)}${completedFrame}`))
      const answer = yield* promise(() => callModel(of.baseUrl))
      const first = yield* promise(() => new Promise<Buffer>((resolve) => answer.once("data", resolve)))
      expect(first.toString()).toBe(delta)
      expect((yield* of.log).filter(({ type }) => type === "inference.item")).toEqual([])
      const rest = bodyOf(answer)
      release()
      expect((yield* promise(() => rest)).body.toString()).toBe(`${itemFrame(0)}${completedFrame}`)
      expect(yield* of.attempts).toMatchObject([{ status: "completed", outputItems: 1 }])
    }),
  )

  it.scopedLive("a commit that takes long holds up no other call of the session", () =>
    Effect.gen(function* () {
      const model = yield* upstream
      let release = (): void => undefined
      const held = new Promise<void>((resolve) => {
        release = resolve
      })
      const of = yield* proxyFixture(model.url, {
        engine: (engine) => ({
          ...engine,
          // It is queued in its turn, and its answer is late.
          submit: (submission) =>
            Effect.tap(engine.submit(submission), () =>
              JSON.stringify(submission).includes("the slow one") ? promise(() => held) : Effect.void,
            ),
        }),
      })
      for (const text of ["the slow one", "another"]) {
        model.next((_request, response) =>
          response.writeHead(200, sse).end(`${itemFrame(0, { text })}${completedFrame}`),
        )
      }
      const first = bodyOf(yield* promise(() => callModel(of.baseUrl)))
      const second = yield* promise(async () => bodyOf(await callModel(of.baseUrl)))
      expect(second.whole).toBe(true)
      release()
      expect((yield* promise(() => first)).whole).toBe(true)
      expect(yield* of.ended(2)).toMatchObject([{ status: "completed" }, { status: "completed" }])
      expect(yield* of.anomalies).toEqual([])
    }),
  )

  it.scopedLive("calls at the same time have their numbers in order: none is missing", () =>
    Effect.gen(function* () {
      const model = yield* upstream
      const of = yield* proxyFixture(model.url)
      const count = 12
      for (let call = 0; call < count; call += 1) {
        model.next((_request, response) =>
          response.writeHead(200, sse).end(`${itemFrame(0)}${itemFrame(1)}${completedFrame}`),
        )
      }
      yield* promise(() => Promise.all(Array.from({ length: count }, async () => bodyOf(await callModel(of.baseUrl)))))
      expect(
        (yield* of.ended(count)).every(({ outputItems, status }) => status === "completed" && outputItems === 2),
      ).toBe(true)
      const numbers = (yield* of.log).filter(({ channel }) => channel === "gateway").map(({ seq }) => seq)
      expect(numbers).toEqual(Array.from({ length: 4 * count }, (_, place) => place + 1))
      expect(yield* of.anomalies).toEqual([])
    }),
  )

  it.scopedLive("where the log takes nothing the bytes pass, and the attempt is untraced once it does again", () =>
    Effect.gen(function* () {
      const model = yield* upstream
      let isDown = true
      const of = yield* proxyFixture(model.url, {
        engine: (engine) => ({
          ...engine,
          submit: (submission) =>
            Effect.suspend(() =>
              isDown ? new StorageFailed({ message: "the disk is gone" }) : engine.submit(submission),
            ),
        }),
      })
      const told = `${itemFrame(0)}${completedFrame}`
      model.next((_request, response) => response.writeHead(200, sse).end(told))
      const { body } = yield* promise(async () => bodyOf(await callModel(of.baseUrl)))
      expect(body.toString()).toBe(told)
      expect(yield* of.attempts).toEqual([])
      isDown = false
      expect(yield* of.ended()).toMatchObject([{ status: "completed", untraced: true, outputItems: 1, model: "m" }])
    }),
  )
})
