/**
 * Starts, stops and inputs over HTTP, many at a time, with a realtime model that stalls, hangs up with any code, reports errors and says
 * things twice: each call is answered, each run has one end, and the next conversation works.
 */
import { describe, expect, it } from "@effect/vitest"
import { EventPage, VoiceStarted } from "@threadfold/contracts/api"
import { directVoiceLive } from "@threadfold/providers"
import { type RealtimeServer, realtimeServer } from "@threadfold/testkit"
import { Effect, Fiber, Logger, Random } from "effect"
import { makeThread } from "./support/Managed.js"
import { callAs, callText, testServer, threadOf } from "./support/TestServer.js"

const post = (body: unknown = {}): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
})
const pathOf = (threadId: string, what: string) => `/v1/threads/${threadId}/realtime/${what}`

/** What a model does next. */
const harms: readonly ((server: RealtimeServer) => void)[] = [
  ({ sockets }) => sockets().at(-1)?.cut(),
  ...[1000, 1001, 1008, 1011, 4000].map(
    (code) =>
      ({ sockets }: RealtimeServer) =>
        sockets().at(-1)?.close(code),
  ),
  ({ sockets }) => sockets().at(-1)?.fail("server_error", "internal", "The model is gone."),
  ({ sockets }) => sockets().at(-1)?.fail("invalid_request_error", "invalid_value", "Not that."),
  ({ sockets }) =>
    sockets()
      .at(-1)
      ?.say({ type: "response.done", response: { id: "unknown", status: "completed" } }),
  ({ sockets }) => sockets().at(-1)?.confirm("conversation.item.create"),
  ({ sockets }) => sockets().at(-1)?.speaks("hello"),
  ({ behaviour }) => {
    behaviour.isSilent = true
  },
  ({ behaviour }) => {
    behaviour.isSilent = false
  },
  ({ behaviour }) => {
    const confirmed = behaviour.confirms
    behaviour.confirms = (message) => !confirmed(message)
  },
  ({ behaviour }) => {
    behaviour.refuses = 503
  },
  ({ behaviour }) => {
    behaviour.refuses = 401
  },
  ({ behaviour }) => {
    behaviour.refuses = null
  },
]

/** What a client asks for next. */
const asks: readonly (readonly [string, unknown])[] = [
  ["start", {}],
  ["start", {}],
  ["text", { text: "hello" }],
  ["speech", { text: "say it" }],
  ["audio", { data: "AAAA" }],
  ["stop", {}],
]

const pick = <A>(all: readonly A[]) =>
  Effect.flatMap(Random.nextIntBetween(0, all.length), (index) => {
    const one = all[index]
    return one === undefined ? Effect.dieMessage("none") : Effect.succeed(one)
  })

/** What the log says of each run, in order. */
const runsIn = (items: readonly { readonly type: string; readonly realtimeId?: string | null }[]) => {
  const runs = new Map<string, string[]>()
  for (const { realtimeId, type } of items) {
    if (typeof realtimeId !== "string") continue
    runs.set(realtimeId, [...(runs.get(realtimeId) ?? []), type])
  }
  return runs
}

describe("a storm of voice conversations", () => {
  for (const seed of [1, 2]) {
    it.scopedLive(`has an answer for each call and one end for each run (seed ${seed})`, () =>
      Effect.gen(function* () {
        const server = yield* realtimeServer
        const directVoice = directVoiceLive({ baseUrl: server.baseUrl, apiKey: "mock-key-of-the-test" })
        yield* Effect.gen(function* () {
          const { threadId } = yield* makeThread
          const answers: Fiber.Fiber<number>[] = []
          for (let step = 0; step < 100; step += 1) {
            if (yield* Random.nextBoolean) {
              const [what, body] = yield* pick(asks)
              const asked = callText(pathOf(threadId, what), post(what === "stop" ? undefined : body))
              answers.push(yield* Effect.fork(Effect.map(asked, ({ status }) => status)))
            } else (yield* pick(harms))(server)
            const turns = yield* Random.nextIntBetween(0, 30)
            for (let turn = 0; turn < turns; turn += 1)
              yield* Effect.promise(() => new Promise<void>((go) => setImmediate(go)))
          }
          server.behaviour.isSilent = false
          server.behaviour.confirms = () => true
          server.behaviour.refuses = null
          yield* callText(pathOf(threadId, "stop"), post(undefined))
          for (const fiber of answers) {
            expect([200, 400, 409, 429, 502, 503]).toContain(yield* Fiber.join(fiber))
          }
          yield* callText(pathOf(threadId, "stop"), post(undefined))
          const last = yield* callAs(VoiceStarted, pathOf(threadId, "start"), post())
          expect(last.status).toBe(200)
          expect((yield* callText(pathOf(threadId, "text"), post({ text: "the last" }))).status).toBe(200)
          expect(server.sockets().at(-1)?.texts).toContain("the last")
          yield* callText(pathOf(threadId, "stop"), post(undefined))
          const { body } = yield* callAs(
            EventPage,
            `/v1/threads/${threadId}/events?limit=500&types=realtime.start-requested,realtime.started,realtime.error,realtime.failed,realtime.closed,realtime.item-added`,
          )
          for (const [realtimeId, types] of runsIn(body.items)) {
            const ends = types.filter((type) => type === "realtime.closed" || type === "realtime.failed")
            expect([realtimeId, types, ends.length]).toEqual([realtimeId, types, 1])
            expect(types.at(-1)).toMatch(/^realtime\.(closed|failed)$/)
            expect(types.filter((type) => type === "realtime.error").length).toBeLessThanOrEqual(1)
            expect(types.filter((type) => type === "realtime.started").length).toBeLessThanOrEqual(1)
          }
          // The model's side hears of an end a moment later.
          yield* Effect.forEach(server.sockets(), ({ gone }) => gone, { discard: true })
          expect((yield* threadOf(threadId)).anomalies).toEqual([])
        }).pipe(
          Effect.provide(testServer({ parts: { directVoice } })),
          Effect.withRandom(Random.make(seed)),
          Effect.provide(Logger.remove(Logger.defaultLogger)),
        )
      }),
    )
  }
})
