/** Voice conversations over HTTP and by the client, with a realtime model of ours on loopback. */
import { describe, expect, it } from "@effect/vitest"
import { connect, makeThreadfold } from "@threadfold/client"
import { EventPage, VoiceList, VoiceStarted, VoiceStopped } from "@threadfold/contracts/api"
import { directVoiceLive } from "@threadfold/providers"
import { realtimeServer } from "@threadfold/testkit"
import { Effect, Fiber, Option, Stream } from "effect"
import { HttpServer } from "../../src/http/index.js"
import { makeThread } from "./support/Managed.js"
import { openStream } from "./support/Sse.js"
import { callAs, callText, problemOfCall, sessionId, testServer } from "./support/TestServer.js"

const post = (body?: unknown): RequestInit => ({
  method: "POST",
  ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
})
const of = (threadId: string, what: string) => `/v1/threads/${threadId}/realtime/${what}`

const withVoice = <A, E, R>(body: (voice: Effect.Effect.Success<typeof realtimeServer>) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(realtimeServer, (voice) =>
    Effect.provide(
      body(voice),
      testServer({
        parts: { directVoice: directVoiceLive({ baseUrl: voice.baseUrl, apiKey: "mock-key-of-the-test" }) },
      }),
    ),
  )

describe("voice over HTTP", () => {
  it.scopedLive("starts, takes text, audio and speech, streams without audio, and stops", () =>
    withVoice((voice) =>
      Effect.gen(function* () {
        const { threadId } = yield* makeThread
        const { voice: calls, events } = yield* makeThreadfold(yield* HttpServer)
        const started = yield* callAs(VoiceStarted, of(threadId, "start"), post({ voice: "cedar", modality: "audio" }))
        expect(started.body).toMatchObject({ transport: "direct", version: "v2" })
        const socket = yield* voice.socket(1)
        expect((yield* callText(of(threadId, "text"), post({ text: "hello" }))).status).toBe(200)
        yield* socket.until(({ texts }) => texts.includes("hello"))
        yield* calls.appendAudio(threadId, { data: "AAAA" })
        yield* socket.until((one) => one.of("input_audio_buffer.append").length === 1)
        yield* calls.speak(threadId, "say it", started.body.realtimeId)
        const late = { text: "late", realtimeId: sessionId(404) }
        for (const what of ["text", "speech"]) {
          expect(yield* problemOfCall(of(threadId, what), post(late))).toMatchObject({
            status: 409,
            slug: "voice-not-live",
            detail: expect.stringContaining(started.body.realtimeId),
          })
        }
        socket.speaks("good morning", ["AAAA"])
        const heard = (audio: boolean) =>
          events({ threadId, audio }).pipe(
            Stream.filterMap((message) =>
              message.kind === "event" ? Option.some(message.event.type) : Option.none<string>(),
            ),
            Stream.takeUntil((type) => type === "realtime.transcript.done"),
            Stream.runCollect,
            Effect.map((types) => [...types]),
          )
        expect(yield* heard(true)).toContain("realtime.audio")
        expect(yield* heard(false)).not.toContain("realtime.audio")
        const page = yield* callAs(EventPage, `/v1/threads/${threadId}/events?types=realtime.audio`)
        expect(page.body.items).toMatchObject([{ payload: { direction: "output", bytes: 4 } }])
        expect(yield* calls.stop(threadId, sessionId(404))).toEqual({ realtimeId: null })
        const { body: stopped } = yield* callAs(VoiceStopped, of(threadId, "stop"), post())
        expect(stopped).toEqual({ realtimeId: started.body.realtimeId })
        expect(yield* calls.stop(threadId)).toEqual({ realtimeId: null })
        yield* socket.gone
      }),
    ),
  )

  it.scopedLive("gives the audio, live, to who asks for it, and keeps none of it", () =>
    withVoice((voice) =>
      Effect.gen(function* () {
        const { threadId } = yield* makeThread
        const server = yield* HttpServer
        const { voice: calls } = yield* makeThreadfold(server)
        const { realtimeId } = yield* calls.start(threadId)
        const socket = yield* voice.socket(1)
        const heard = yield* Effect.fork(Stream.runCollect(Stream.take(calls.audio(threadId), 3)))
        const [live, plain] = yield* Effect.all([
          openStream(`/v1/threads/${threadId}/events?audio=live`),
          openStream("/v1/events?audio=true"),
        ])
        yield* live.until("synced")
        yield* plain.until("synced")
        const speaks = Effect.suspend(() => {
          socket.speaks("good morning", ["QUJD", "REVG"])
          return live.until("realtime.transcript.done")
        })
        const blocks = yield* speaks
        const piece = { threadId, realtimeId, sampleRate: 24_000, channels: 1, missed: 0 }
        const told = blocks.filter(({ event }) => event === "audio")
        expect(told.map(({ data, id }) => [id, JSON.parse(data)])).toEqual([
          [null, { ...piece, data: "QUJD" }],
          [null, { ...piece, data: "REVG" }],
        ])
        expect(blocks.filter(({ event }) => event === "realtime.audio")).toHaveLength(2)
        const without = yield* plain.until("realtime.transcript.done")
        expect(without.map(({ event }) => event)).toContain("realtime.audio")
        expect(without.map(({ event }) => event)).not.toContain("audio")
        // The client's stream is open once it has heard something.
        const pieces = yield* Effect.raceFirst(Fiber.join(heard), Effect.forever(speaks))
        for (const one of pieces) expect(one).toEqual({ ...piece, data: expect.stringMatching(/^(QUJD|REVG)$/) })
        const { text } = yield* callText(`/v1/threads/${threadId}/events?types=realtime.audio&native=true`)
        expect(text).toContain("realtime.audio")
        expect(text).not.toContain("QUJD")
        yield* calls.stop(threadId)
      }),
    ),
  )

  it.scopedLive("refuses with a problem what it cannot do, and begins nothing", () =>
    withVoice((voice) =>
      Effect.gen(function* () {
        const { threadId } = yield* makeThread
        const slug = (what: string, body?: unknown) =>
          Effect.map(problemOfCall(of(threadId, what), post(body)), ({ slug, status }) => `${status} ${slug}`)
        expect(yield* slug("text", { text: "hello" })).toBe("409 voice-not-live")
        expect(yield* slug("start", { voice: "nobody" })).toBe("400 voice-refused")
        expect(yield* slug("start", { transport: "agent" })).toBe("400 voice-refused")
        expect(yield* slug("start", { transport: "pigeon" })).toBe("400 invalid-request")
        expect(yield* problemOfCall(of(threadId, "start"), post({ transport: "webrtc" }))).toMatchObject({
          slug: "voice-refused",
          detail: expect.stringContaining("`direct`"),
        })
        for (const transport of ["agent", "webrtc"]) {
          const none = yield* problemOfCall(of(threadId, `voices?transport=${transport}`))
          expect(none).toMatchObject({
            status: 400,
            slug: "voice-refused",
            detail: expect.stringContaining("`direct`"),
          })
        }
        expect(yield* slug("start", { voise: "cedar" })).toBe("400 invalid-request")
        expect(yield* slug("text", { text: "" })).toBe("400 invalid-request")
        expect(yield* slug("audio", { data: "not base64!" })).toBe("400 invalid-request")
        expect(yield* slug("audio", { data: "A".repeat(600_000) })).toBe("400 invalid-request")
        const long = yield* problemOfCall(of(threadId, "audio"), post({ data: "A".repeat(600_000) }))
        expect(long.detail.length).toBeLessThanOrEqual(4_000)
        expect(long.detail).toContain("524288")
        const nobody = sessionId(404)
        expect(yield* problemOfCall(of(nobody, "start"), post({}))).toMatchObject({ slug: "thread-not-found" })
        expect(yield* problemOfCall(of(nobody, "voices"))).toMatchObject({ slug: "thread-not-found" })
        const { body: voices } = yield* callAs(VoiceList, of(threadId, "voices"))
        expect(voices).toMatchObject({ models: null, defaultModel: "gpt-realtime" })
        expect(voices.versions.v2).toContain("cedar")
        expect(voice.sockets()).toHaveLength(0)
        voice.behaviour.refuses = 401
        expect(yield* slug("start", {})).toBe("502 voice-failed")
        const page = yield* callAs(EventPage, `/v1/threads/${threadId}/events`)
        expect(page.body.items.map(({ type }) => type)).toEqual([
          "thread.created",
          "realtime.start-requested",
          "realtime.failed",
        ])
      }),
    ),
  )

  it.scopedLive("is told in promises, too", () =>
    withVoice((model) =>
      Effect.gen(function* () {
        const { threadId } = yield* makeThread
        const { voice } = connect(yield* HttpServer)
        const { realtimeId, transport } = yield* Effect.promise(() => voice.start(threadId, { modality: "text" }))
        expect(transport).toBe("direct")
        const socket = yield* model.socket(1)
        yield* Effect.promise(() => voice.appendText(threadId, "hello", realtimeId))
        yield* socket.until(({ texts }) => texts.includes("hello"))
        yield* Effect.promise(() => voice.stop(threadId, realtimeId))
        const late = yield* Effect.promise(() => voice.speak(threadId, "late").catch((problem: unknown) => problem))
        expect(late).toMatchObject({ slug: "voice-not-live" })
      }),
    ),
  )

  it.scopedLive("refuses a start without a key, and says what to configure", () =>
    Effect.gen(function* () {
      const { threadId } = yield* makeThread
      const problem = yield* problemOfCall(of(threadId, "start"), post({ transport: "direct" }))
      expect(problem).toMatchObject({
        status: 400,
        slug: "voice-refused",
        detail: expect.stringContaining("apiKeyEnv"),
      })
    }).pipe(Effect.provide(testServer())),
  )
})
