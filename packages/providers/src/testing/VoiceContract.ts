/** What every transport of voice conversations must do, whatever carries them: as tests, over a subject that the caller opens. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Logger, Scope, Stream } from "effect"
import type { VoiceRequest, VoiceTransport } from "../realtime/VoiceTransport.js"

/** The realtime model behind a transport, as far as the contract plays it. */
export interface VoicePeer {
  /** Waits until a text was put into the n-th connection (from 1). */
  readonly gotText: (connection: number, text: string) => Effect.Effect<void>
  /** Waits until audio was put into it. */
  readonly gotAudio: (connection: number) => Effect.Effect<void>
  /** Waits until the transport has closed it. */
  readonly gone: (connection: number) => Effect.Effect<void>
  /** Cuts it, and takes no other one. */
  readonly cutForGood: (connection: number) => Effect.Effect<void>
  /** How many connections there were. */
  readonly connections: () => number
}

export interface VoiceSubject {
  readonly transport: VoiceTransport
  readonly threadId: string
  readonly peer: VoicePeer
  /** A voice that it has, and a version. */
  readonly known: { readonly voice: string; readonly version: string }
}

export interface VoiceContract {
  /** For example `direct`. */
  readonly title: string
  /** Why it cannot run here; null: it can. */
  readonly skipped: string | null
  /** Opens one for each test. */
  readonly open: Effect.Effect<VoiceSubject, unknown, Scope.Scope>
}

export const voiceContract = ({ open, skipped, title }: VoiceContract): void => {
  const test = (name: string, body: (subject: VoiceSubject) => Effect.Effect<void, unknown, Scope.Scope>) =>
    it.scopedLive.skipIf(skipped !== null)(skipped === null ? name : `${name} (skipped: ${skipped})`, () =>
      Effect.flatMap(open, body).pipe(Effect.provide(Logger.remove(Logger.defaultLogger))),
    )
  const request = (threadId: string, ordinal: number): VoiceRequest => ({
    threadId,
    realtimeId: `01990000-0000-7000-8000-00000000000${ordinal}`,
    voice: null,
    model: null,
    version: null,
    modality: "audio",
    prompt: null,
    context: Effect.succeed([]),
  })

  describe(`the contract of voice transports: ${title}`, () => {
    test("lists voices, takes what it lists, and refuses anything else without a connection", ({
      known,
      peer,
      threadId,
      transport,
    }) =>
      Effect.gen(function* () {
        const { defaults, versions } = yield* transport.voices(threadId)
        expect(versions[known.version]).toContain(known.voice)
        expect(versions[known.version]).toContain(defaults[known.version])
        const asked = request(threadId, 1)
        yield* transport.check({ ...asked, ...known })
        expect(yield* Effect.flip(transport.check({ ...asked, voice: "nobody" }))).toMatchObject({ check: "voice" })
        expect(yield* Effect.flip(transport.check({ ...asked, version: "v9" }))).toMatchObject({ check: "version" })
        expect(peer.connections()).toBe(0)
      }))

    test("takes text and audio in order, and is silent for good once it is closed", ({ peer, threadId, transport }) =>
      Effect.gen(function* () {
        yield* transport.check(request(threadId, 1))
        const link = yield* transport.open(request(threadId, 1))
        const words = yield* Effect.fork(Stream.runDrain(link.words))
        yield* link.appendText("one")
        yield* link.appendText("two")
        yield* peer.gotText(1, "one")
        yield* peer.gotText(1, "two")
        yield* link.appendAudio({ data: "AAAA", sampleRate: 24_000, channels: 1 })
        yield* peer.gotAudio(1)
        yield* link.close
        yield* link.close
        expect(Exit.isSuccess(yield* Fiber.await(words))).toBe(true)
        yield* peer.gone(1)
      }))

    test("is closed with its scope, and another one can follow", ({ peer, threadId, transport }) =>
      Effect.gen(function* () {
        yield* transport.check(request(threadId, 1))
        const scope = yield* Scope.make()
        const first = yield* Scope.extend(transport.open(request(threadId, 1)), scope)
        const words = yield* Effect.fork(Stream.runDrain(first.words))
        yield* Scope.close(scope, Exit.void)
        yield* Fiber.join(words)
        yield* peer.gone(1)
        const second = yield* transport.open(request(threadId, 2))
        yield* second.appendText("again")
        yield* peer.gotText(2, "again")
        yield* second.close
      }))

    test("ends its words when what carries it is cut for good", ({ peer, threadId, transport }) =>
      Effect.gen(function* () {
        yield* transport.check(request(threadId, 1))
        const link = yield* transport.open(request(threadId, 1))
        yield* link.appendText("one")
        yield* peer.gotText(1, "one")
        const heard = yield* Effect.fork(
          Stream.runCollect(
            Stream.takeUntil(link.words, ({ type }) => ["realtime.error", "realtime.closed"].includes(type)),
          ),
        )
        yield* peer.cutForGood(1)
        const types = [...(yield* Fiber.join(heard))].map(({ type }) => type)
        expect(["realtime.error", "realtime.closed"]).toContain(types.at(-1))
        yield* link.close
      }))
  })
}
