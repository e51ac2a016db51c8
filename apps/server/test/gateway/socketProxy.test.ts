/** WebSockets through the gateway: what passes, what is recorded of it, and how a call on it ends. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Metric, Schedule } from "effect"
import { refusedWebSockets } from "../../src/gateway/GatewayServer.js"
import { bodyOf, proxyFixture } from "./ProxyFixture.js"
import { agentSide, create, created, delta, done, itemDone, openAgent, socketModel } from "./SocketFixture.js"

const promise = <A>(run: () => Promise<A>) => Effect.promise(run)
const texts = (messages: readonly object[]) => messages.map((one) => JSON.stringify(one))

/** A connection through the gateway. */
const connection = (
  options: Parameters<typeof proxyFixture>[1] = {},
  model: Parameters<typeof socketModel>[0] = {},
  agent: Parameters<typeof agentSide>[1] = {},
) =>
  Effect.gen(function* () {
    const upstream = yield* socketModel(model)
    const of = yield* proxyFixture(upstream.url, options)
    const { answer, side } = yield* agentSide(of.baseUrl, agent)
    return { of, upstream, answer, agent: side, model: yield* promise(() => upstream.side(1)) }
  })

/** The same, with a call under way that has one item. */
const underWay = (options: Parameters<typeof proxyFixture>[1] = {}, model: Parameters<typeof socketModel>[0] = {}) =>
  Effect.gen(function* () {
    const all = yield* connection(options, model)
    all.agent.say(create())
    yield* promise(() => all.model.until(1))
    all.model.say(itemDone(0), delta())
    yield* promise(() => all.agent.until(2))
    return all
  })

describe("the handshake", () => {
  it.scopedLive("brings path, headers and subprotocol to the model, and those of its answer to the agent", () =>
    Effect.gen(function* () {
      const { answer, agent, upstream } = yield* connection(
        {},
        { headers: ["X-Request-Id: req_7", "Set-Cookie: a=1", "Set-Cookie: b=2"] },
        {
          path: "/responses?x=%2F1",
          headers: { authorization: "Bearer some-key", "x-own": "1" },
          protocols: ["a", "b"],
        },
      )
      expect(upstream.requests[0]?.url).toBe("/v1/responses?x=%2F1")
      expect(upstream.requests[0]?.headers).toMatchObject({
        authorization: "Bearer some-key",
        "x-own": "1",
        host: new URL(upstream.url).host,
      })
      expect(agent.socket.protocol).toBe("a")
      expect(answer.headers["x-request-id"]).toBe("req_7")
      expect(answer.headers["set-cookie"]).toEqual(["a=1", "b=2"])
    }),
  )

  it.scopedLive("a refusal goes back as it came, and is counted", () =>
    Effect.gen(function* () {
      const refused = Effect.map(Metric.value(refusedWebSockets), ({ count }) => count)
      const before = yield* refused
      const upstream = yield* socketModel({
        refuses: (_request, socket) => {
          socket.end("HTTP/1.1 426 Use HTTP\r\nX-Own: 1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nno!\r\n0\r\n\r\n")
          return true
        },
      })
      const of = yield* proxyFixture(upstream.url)
      const answer = yield* promise(() => openAgent(of.baseUrl))
      if ("side" in answer) return expect.fail("it was taken")
      expect([answer.statusCode, answer.statusMessage, answer.headers["x-own"]]).toEqual([426, "Use HTTP", "1"])
      expect((yield* promise(() => bodyOf(answer))).body.toString()).toBe("no!")
      expect((yield* refused) - before).toBe(1)
      expect(yield* of.attempts).toEqual([])
    }),
  )

  it.scopedLive("a model that cannot be reached is 502; an unknown base path 404; one that closes at once 502", () =>
    Effect.gen(function* () {
      const cut = yield* socketModel({
        refuses: (_request, socket) => {
          socket.destroy()
          return true
        },
      })
      const of = yield* proxyFixture("http://127.0.0.1:1/v1")
      const other = of.baseUrl.replace(/[^/]+\/0$/, `${"A".repeat(43)}/0`)
      const ofCut = of.baseUrlOf(cut.url)
      const statuses = yield* promise(() =>
        Promise.all(
          [of.baseUrl, other, ofCut].map(async (url) => {
            const answer = await openAgent(url)
            return "side" in answer ? 101 : answer.statusCode
          }),
        ),
      )
      expect(statuses).toEqual([502, 404, 502])
    }),
  )
})

describe("calls over a WebSocket", () => {
  it.scopedLive("pass unchanged and are recorded one by one, with the request id of the connection", () =>
    Effect.gen(function* () {
      const { agent, model, of } = yield* connection(
        {},
        { headers: ["x-request-id: req_7"] },
        { headers: { authorization: "Bearer some-secret-key" } },
      )
      const asked = [1, 2].map((n) => JSON.stringify(create({ model: `m${n}`, client_metadata: { turn_id: `n${n}` } })))
      const told = [1, 2].map((n) => [
        created(`r${n}`),
        delta(),
        itemDone(0, { id: `i${n}`, text: "some-secret-key" }),
        done(`r${n}`),
      ])
      for (const n of [0, 1]) {
        agent.say(asked[n] ?? "")
        yield* promise(() => model.until(n + 1))
        model.say(...(told[n] ?? []))
        yield* promise(() => agent.until(4 * (n + 1)))
      }
      expect(model.heard).toEqual(asked)
      expect(agent.heard).toEqual(texts(told.flat()))
      expect(yield* of.ended(2)).toMatchObject(
        [1, 2].map((n) => ({
          status: "completed",
          model: `m${n}`,
          responseId: `r${n}`,
          upstreamRequestId: "req_7",
          outputItems: 1,
          usage: { outputTokens: 2 },
        })),
      )
      expect(JSON.stringify(yield* of.log)).not.toContain("some-secret-key")
      expect(yield* of.violations).toEqual([])
    }),
  )

  it.scopedLive("a warm-up is none, and what it is answered ends no other", () =>
    Effect.gen(function* () {
      const { agent, model, of } = yield* connection()
      agent.say(create({ generate: false }), create())
      yield* promise(() => model.until(2))
      model.say(created("warm"), done("warm"), created("r"), itemDone(0), done("r"))
      yield* promise(() => agent.until(5))
      expect(yield* of.ended()).toMatchObject([{ status: "completed", responseId: "r", outputItems: 1 }])
    }),
  )

  it.scopedLive("several streams of one connection are told apart", () =>
    Effect.gen(function* () {
      const { agent, model, of } = yield* connection()
      agent.say(create({ model: "a", stream_id: "A" }), create({ model: "b", stream_id: "B" }))
      yield* promise(() => model.until(2))
      const on = (stream_id: string, message: object) => ({ ...message, stream_id })
      model.say(
        on("B", itemDone(0)),
        on("A", itemDone(0)),
        on("B", itemDone(1)),
        on("B", done("rb")),
        on("A", done("ra")),
      )
      yield* promise(() => agent.until(5))
      const attempts = yield* of.ended(2)
      expect(
        attempts.map(({ model: name, outputItems, responseId }) => [name, outputItems, responseId]).sort(),
      ).toEqual([
        ["a", 1, "ra"],
        ["b", 2, "rb"],
      ])
    }),
  )

  it.scopedLive("an item is in the log before the agent gets it; what comes before it passes at once", () =>
    Effect.gen(function* () {
      let release = (): void => undefined
      const held = new Promise<void>((resolve) => {
        release = resolve
      })
      const { agent, model, of } = yield* connection({
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
      agent.say(create())
      yield* promise(() => model.until(1))
      model.say(delta("1"), itemDone(0), delta("2"), done("r"))
      yield* promise(() => agent.until(1))
      expect(agent.heard).toEqual(texts([delta("1")]))
      expect((yield* of.log).filter(({ type }) => type === "inference.item")).toEqual([])
      release()
      yield* promise(() => agent.until(4))
      expect(agent.heard).toEqual(texts([delta("1"), itemDone(0), delta("2"), done("r")]))
      expect(yield* of.attempts).toMatchObject([{ status: "completed", outputItems: 1 }])
    }),
  )

  it.scopedLive("what is no message of the protocol passes both ways, and says nothing", () =>
    Effect.gen(function* () {
      const { agent, model, of } = yield* connection()
      const messages = [
        Buffer.from([0, 255, 1]),
        "{nonsense",
        '{"type":"response.something"}',
        "[1]",
        "",
        '{"a":[1],"type":"x"}',
        "null",
      ]
      agent.say(...messages, create())
      yield* promise(() => model.until(messages.length + 1))
      model.say(...messages, done("r"))
      yield* promise(() => agent.until(messages.length + 1))
      expect(model.heard.slice(0, -1)).toEqual(messages)
      expect(agent.heard.slice(0, -1)).toEqual(messages)
      expect(yield* of.ended()).toMatchObject([{ status: "completed", responseId: "r" }])
    }),
  )
})

describe("the end of a call over a WebSocket", () => {
  it.scopedLive("an agent that closes cancels it, and the model hears of the close", () =>
    Effect.gen(function* () {
      const { agent, model, of } = yield* underWay()
      agent.socket.close(3001, "bye")
      expect(yield* promise(() => model.closed)).toBe(3001)
      expect(yield* of.ended()).toMatchObject([{ status: "cancelled", outputItems: 1 }])
      expect(yield* of.violations).toEqual([])
    }),
  )

  it.scopedLive("an agent that is cut cancels it, and the model's side is cut", () =>
    Effect.gen(function* () {
      const { agent, model, of } = yield* underWay()
      agent.socket.terminate()
      expect(yield* promise(() => model.closed)).toBe(1006)
      expect(yield* of.ended()).toMatchObject([{ status: "cancelled", outputItems: 1 }])
    }),
  )

  it.scopedLive("a model that closes fails it, and the agent gets its code", () =>
    Effect.gen(function* () {
      const { agent, model, of } = yield* underWay()
      model.say(itemDone(1))
      model.socket.close(1011, "overload")
      expect(yield* promise(() => agent.closed)).toBe(1011)
      expect(agent.heard).toHaveLength(3)
      expect(yield* of.ended()).toMatchObject([
        { status: "failed", outputItems: 2, error: expect.stringContaining("code 1011, overload") },
      ])
    }),
  )

  it.scopedLive("a model that is cut fails it, and the agent's side is cut", () =>
    Effect.gen(function* () {
      const { agent, model, of } = yield* underWay()
      model.socket.terminate()
      expect(yield* promise(() => agent.closed)).toBe(1006)
      expect(yield* of.ended()).toMatchObject([{ status: "failed", outputItems: 1 }])
    }),
  )

  it.scopedLive("an error fails it; the next call of the connection is one of its own", () =>
    Effect.gen(function* () {
      const { agent, model, of } = yield* underWay()
      model.say({ type: "error", status: 429, error: { code: "rate", message: "slow down" } })
      yield* promise(() => agent.until(3))
      agent.say(create())
      yield* promise(() => model.until(2))
      model.say(done("r2"))
      expect(yield* of.ended(2)).toMatchObject([
        { status: "failed", outputItems: 1, error: "rate: slow down" },
        { status: "completed", responseId: "r2" },
      ])
    }),
  )

  it.scopedLive("a model that does not answer any more fails it", () =>
    Effect.gen(function* () {
      const { agent, of } = yield* underWay({ limits: { pingMs: 30 } }, { answersPings: false })
      expect(yield* promise(() => agent.closed)).toBe(1006)
      expect(yield* of.ended()).toMatchObject([{ status: "failed", error: expect.stringContaining("not heard of") }])
    }),
  )

  it.scopedLive("a stop fails it where the agent runs, and cancels it where it was ended", () =>
    Effect.gen(function* () {
      for (const isEnded of [false, true]) {
        const { agent, model, of } = yield* underWay()
        if (isEnded) yield* of.agentEnds
        yield* of.stop
        expect(yield* promise(() => agent.closed)).toBe(1006)
        expect(yield* promise(() => model.closed)).toBe(1006)
        expect(yield* of.attempts).toMatchObject([{ status: isEnded ? "cancelled" : "failed", outputItems: 1 }])
      }
    }),
  )

  it.scopedLive("the turn's end closes it; its own end is an anomaly, and no second one", () =>
    Effect.gen(function* () {
      const { model, of } = yield* underWay()
      yield* of.says("turn.completed", { outcome: "completed" }, "t1")
      expect(yield* of.attempts).toMatchObject([{ status: "cancelled", cause: "turn-ended" }])
      model.say(done("r"))
      yield* Effect.repeat(of.anomalies, { until: (all) => all.length > 0, schedule: Schedule.spaced("5 millis") })
      expect((yield* of.anomalies).map(({ reason }) => reason)).toEqual(["inference-terminal-duplicate"])
    }),
  )
})

describe("the bounds of a WebSocket", () => {
  it.scopedLive("a request that is too long ends the connection with 1009", () =>
    Effect.gen(function* () {
      const { agent, of } = yield* underWay({ limits: { requestBytes: 10_000 } })
      agent.say(create({ input: "x".repeat(10_001) }))
      expect(yield* promise(() => agent.closed)).toBe(1009)
      expect(yield* of.ended()).toMatchObject([{ status: "cancelled", outputItems: 1 }])
    }),
  )

  it.scopedLive("an answer that is too long, also one that grows by decompression, fails with 1009", () =>
    Effect.gen(function* () {
      const { agent, model, of } = yield* underWay({ limits: { answerBytes: 10_000 } })
      model.say(delta("x".repeat(10_001)))
      expect(yield* promise(() => agent.closed)).toBe(1009)
      expect(yield* of.ended()).toMatchObject([{ status: "failed", outputItems: 1 }])
    }),
  )

  it.scopedLive("more requests than may wait end it with 1008, as does one after the session's end", () =>
    Effect.gen(function* () {
      const first = yield* connection()
      first.agent.say(...Array.from({ length: 17 }, () => create()))
      expect(yield* promise(() => first.agent.closed)).toBe(1008)
      expect((yield* first.of.ended(16)).every(({ status }) => status === "cancelled")).toBe(true)
      const second = yield* underWay()
      yield* second.of.agentEnds
      second.agent.say(create())
      expect(yield* promise(() => second.agent.closed)).toBe(1008)
      expect(yield* second.of.ended()).toMatchObject([{ status: "cancelled" }])
    }),
  )

  it.scopedLive("an agent that does not read slows the model down, and is cancelled when it leaves", () =>
    Effect.gen(function* () {
      const { agent, model, of } = yield* underWay({}, { compresses: false })
      agent.socket.pause()
      for (let sent = 0; sent < 128; sent += 1) model.say(delta("x".repeat(1024 * 256)))
      // What the gateway and the system do not hold stays with the model.
      let before = Number.POSITIVE_INFINITY
      const stays = Effect.sync(() => {
        const now = model.socket.bufferedAmount
        const isSame = now === before
        before = now
        return isSame
      })
      yield* Effect.repeat(stays, { until: (isSame) => isSame, schedule: Schedule.spaced("50 millis") })
      expect(model.socket.bufferedAmount).toBeGreaterThan(0)
      agent.socket.terminate()
      expect(yield* of.ended()).toMatchObject([{ status: "cancelled", outputItems: 1 }])
    }),
  )

  it.scopedLive("a model whose few bytes become more than may wait fails", () =>
    Effect.gen(function* () {
      const { agent, model, of } = yield* underWay({ limits: { answerBytes: 100_000 } })
      agent.socket.pause()
      model.say(...Array.from({ length: 100 }, () => delta("x".repeat(90_000))))
      expect(yield* of.ended()).toMatchObject([{ status: "failed", error: expect.stringContaining("than may wait") }])
    }),
  )
})
