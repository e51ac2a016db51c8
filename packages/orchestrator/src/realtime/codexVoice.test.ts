/**
 * Voice conversations of the real Codex under the orchestrator. The realtime model and the coding model are servers of ours on
 * loopback; the process, its protocol and its handoffs are Codex's own.
 */
import { describe, expect } from "@effect/vitest"
import { strengthOf } from "@threadfold/contracts"
import { directVoiceLive, makeCodexDriver } from "@threadfold/providers"
import { codexHome, installedAgent, makeHold, OpenAi, realtimeServer } from "@threadfold/testkit"
import { Effect } from "effect"
import { id, OrchestratorFixture, snapshotOf } from "../../test/OrchestratorFixture.js"
import { checked, ended, kill, textsOf, withAgent } from "../../test/RealAgent.js"
import { closed, handedOff, handoffsOf, runsOf, saidByVoice, voiceChecked, voiceTypes } from "../../test/Voice.js"

const codex = installedAgent("codex")
const real = withAgent(codex)
const thread = id("thread")

const open = (options: { readonly key?: boolean } = {}) =>
  Effect.gen(function* () {
    if (!codex.installed) return yield* Effect.dieMessage(codex.reason)
    const voice = yield* realtimeServer
    const model = yield* OpenAi.server()
    const key = options.key === false ? "" : 'experimental_bearer_token = "mock-key"'
    const { cwd, env } = yield* codexHome({ baseUrl: model.baseUrl, more: key })
    const args = [...codex.args, "app-server", "-c", `experimental_realtime_ws_base_url="${voice.origin}"`]
    const driver = makeCodexDriver({ command: codex.command, args, env })
    const directVoice = directVoiceLive({ baseUrl: voice.baseUrl, apiKey: "mock-key-of-the-test" })
    const of = new OrchestratorFixture({ driver, parts: { directVoice } })
    yield* Effect.orDie(of.open())
    yield* Effect.orDie(of.createThread(thread, cwd))
    return { of, voice, model }
  })

describe("a voice conversation of the real Codex", () => {
  real("takes text and audio, is heard, and is stopped", () =>
    Effect.gen(function* () {
      const { of, voice } = yield* open()
      const started = yield* of.voices.start(thread, {})
      expect(started).toMatchObject({ transport: "agent", version: "v2" })
      const socket = yield* voice.socket(1)
      yield* socket.until((one) => one.of("session.update").length > 0)
      yield* of.voices.appendText(thread, "hello voice")
      yield* socket.until(({ texts }) => texts.some((text) => text.includes("hello voice")))
      yield* of.voices.appendAudio(thread, { data: "AAAA", sampleRate: 24_000, channels: 1 })
      yield* socket.until((one) => one.of("input_audio_buffer.append").length > 0)
      socket.speaks("good morning", ["AAAA", "AAAA"])
      yield* saidByVoice(of, "good morning")
      expect(yield* of.voices.stop(thread)).toBe(started.realtimeId)
      expect(yield* runsOf(of)).toMatchObject([
        { realtimeId: started.realtimeId, status: "closed", reason: "requested" },
      ])
      expect(yield* of.voices.stop(thread)).toBeNull()
      const types = yield* voiceTypes(of, started.realtimeId)
      expect(types.filter((type) => type === "realtime.started")).toHaveLength(1)
      yield* voiceChecked(of)
      yield* checked(of)
    }),
  )

  real("keeps of audio that it passed, and its bytes only where that was asked for", () =>
    Effect.gen(function* () {
      const { of, voice } = yield* open()
      const heard = (keepAudio: boolean, ordinal: number) =>
        Effect.gen(function* () {
          yield* of.voices.start(thread, { keepAudio })
          const socket = yield* voice.socket(ordinal)
          yield* socket.until((one) => one.of("session.update").length > 0)
          socket.speaks(`audio ${ordinal}`, ["AAAAAAAA"])
          yield* saidByVoice(of, `audio ${ordinal}`)
          yield* of.voices.stop(thread)
          const audio = (yield* of.log()).filter(({ type }) => type === "realtime.audio").at(-1)
          return audio === undefined ? null : yield* of.engine.log.native(audio.sequence)
        })
      expect(yield* heard(false, 1)).toBeNull()
      expect(yield* heard(true, 2)).toContain("AAAAAAAA")
    }),
  )

  real("hands work to a turn, whose outcome goes back once", () =>
    Effect.gen(function* () {
      const { model, of, voice } = yield* open()
      model.enqueue(OpenAi.plain("the work is done"))
      yield* of.voices.start(thread, {})
      const socket = yield* voice.socket(1)
      yield* socket.until((one) => one.of("session.update").length > 0)
      socket.handsOff("call-1", "please do it")
      yield* handedOff(of)
      const { delegations, turns, items } = yield* ended(of)
      expect(turns).toMatchObject([{ outcome: "completed", turnId: delegations[0]?.turnId }])
      expect(textsOf(items)).toEqual(["the work is done"])
      expect(strengthOf(turns[0]?.nativeTurnId ?? "")).toBe("strong")
      yield* socket.until((one) => one.texts.some((text) => text.includes("the work is done")))
      yield* of.voices.stop(thread)
      expect(socket.texts.filter((text) => text.includes("the work is done"))).toHaveLength(1)
      yield* voiceChecked(of)
      yield* checked(of)
    }),
  )

  real("steers a handoff into the turn that runs", () =>
    Effect.gen(function* () {
      const { model, of, voice } = yield* open()
      const hold = makeHold()
      model.enqueue(OpenAi.hang(hold), OpenAi.plain("both are done"))
      yield* of.send("one")
      yield* hold.reached
      yield* of.voices.start(thread, {})
      const socket = yield* voice.socket(1)
      yield* socket.until((one) => one.of("session.update").length > 0)
      socket.handsOff("call-1", "and this")
      const isOpen = (text: string | null) => text?.includes("and this") === true
      yield* of.eventually(handoffsOf(of), (all) => all.some(({ text }) => isOpen(text)))
      hold.say("so far")
      hold.end("completed")
      const { turns } = yield* ended(of)
      expect(turns).toHaveLength(1)
      yield* handedOff(of)
      expect(yield* handoffsOf(of)).toMatchObject([{ status: "closed", turnId: turns[0]?.turnId }])
      yield* of.voices.stop(thread)
      yield* voiceChecked(of)
      yield* checked(of)
    }),
  )

  real("refuses a start without a key before anything is begun, and leaves a live direct conversation untouched", () =>
    Effect.gen(function* () {
      const { of, voice } = yield* open({ key: false })
      const { realtimeId } = yield* of.voices.start(thread, { transport: "direct" })
      const failure = yield* Effect.flip(of.voices.start(thread, { transport: "agent" }))
      expect(failure).toMatchObject({ _tag: "VoiceRefused", check: "key", message: expect.stringContaining("key") })
      expect(yield* runsOf(of)).toMatchObject([{ realtimeId, status: "started" }])
      yield* of.voices.appendText(thread, "still here")
      yield* (yield* voice.socket(1)).until(({ texts }) => texts.includes("still here"))
      yield* of.voices.stop(thread)
      expect(yield* Effect.flip(of.voices.appendText(thread, "hello"))).toMatchObject({ _tag: "VoiceNotLive" })
      yield* voiceChecked(of)
      yield* checked(of)
    }),
  )

  real("refuses a voice that there is not, and leaves the live run untouched", () =>
    Effect.gen(function* () {
      const { of, voice } = yield* open()
      const { realtimeId } = yield* of.voices.start(thread, {})
      const before = (yield* of.log()).length
      const failure = yield* Effect.flip(of.voices.start(thread, { voice: "nobody" }))
      expect(failure).toMatchObject({ _tag: "VoiceRefused", check: "voice", message: expect.stringContaining("marin") })
      expect(yield* Effect.flip(of.voices.start(thread, { version: "v9" }))).toMatchObject({ check: "version" })
      // A voice of another version than the one that Codex takes, and a version that does not speak in text.
      expect(yield* Effect.flip(of.voices.start(thread, { voice: "breeze" }))).toMatchObject({ check: "voice" })
      const text = of.voices.start(thread, { version: "v1", modality: "text" })
      expect(yield* Effect.flip(text)).toMatchObject({ _tag: "VoiceRefused", check: "version" })
      expect((yield* of.log()).length).toBe(before)
      expect(yield* runsOf(of)).toMatchObject([{ realtimeId, status: "started" }])
      yield* of.voices.appendText(thread, "still here")
      const socket = yield* voice.socket(1)
      yield* socket.until(({ texts }) => texts.some((text) => text.includes("still here")))
      expect((yield* of.voices.voices(thread, null)).defaults.v2).toBe("marin")
      yield* of.voices.stop(thread)
      yield* checked(of)
    }),
  )

  real("is replaced by a second start, with one close each", () =>
    Effect.gen(function* () {
      const { of } = yield* open()
      const one = yield* of.voices.start(thread, {})
      const two = yield* of.voices.start(thread, { voice: "cedar" })
      yield* of.voices.stop(thread)
      expect(yield* runsOf(of)).toMatchObject([
        { realtimeId: one.realtimeId, status: "closed" },
        { realtimeId: two.realtimeId, status: "closed", reason: "requested" },
      ])
      yield* voiceChecked(of)
      yield* checked(of)
    }),
  )

  real("closes when its socket is cut", () =>
    Effect.gen(function* () {
      const { of, voice } = yield* open()
      yield* of.voices.start(thread, {})
      const socket = yield* voice.socket(1)
      yield* socket.until((one) => one.of("session.update").length > 0)
      socket.cut()
      yield* closed(of)
      expect(["error", "transport_closed"]).toContain((yield* runsOf(of))[0]?.reason)
      yield* of.eventually(Effect.flip(of.voices.appendText(thread, "late")), ({ _tag }) => _tag === "VoiceNotLive")
      const again = yield* of.voices.start(thread, {})
      yield* of.voices.stop(thread)
      expect((yield* runsOf(of)).at(-1)).toMatchObject({ realtimeId: again.realtimeId, reason: "requested" })
      yield* voiceChecked(of)
      yield* checked(of)
    }),
  )

  real("goes on in a new session after the agent was killed, and no turn id comes twice", () =>
    Effect.gen(function* () {
      const { model, of, voice } = yield* open()
      model.enqueue(OpenAi.plain("first"), OpenAi.plain("second"))
      yield* of.voices.start(thread, {})
      const first = yield* voice.socket(1)
      yield* first.until((one) => one.of("session.update").length > 0)
      first.handsOff("call-1", "the first work")
      yield* handedOff(of)
      yield* ended(of)
      yield* kill(of)
      yield* closed(of)
      expect(yield* runsOf(of)).toMatchObject([{ status: "closed", reason: "session_ended" }])
      yield* of.voices.start(thread, {})
      const second = yield* voice.socket(2)
      yield* second.until((one) => one.of("session.update").length > 0)
      // A model may use the name of a call again in another session.
      second.handsOff("call-1", "the second work")
      yield* handedOff(of, 2)
      const { delegations, turns } = yield* ended(of, 2)
      expect(new Set(turns.map(({ turnId }) => turnId)).size).toBe(2)
      expect(new Set(turns.map(({ nativeTurnId }) => nativeTurnId)).size).toBe(2)
      for (const { nativeTurnId } of turns) expect(strengthOf(nativeTurnId ?? "")).toBe("strong")
      expect(new Set(delegations.map(({ turnId }) => turnId))).toEqual(new Set(turns.map(({ turnId }) => turnId)))
      yield* of.voices.stop(thread)
      expect((yield* snapshotOf(of)).session?.status).toBe("ready")
      yield* voiceChecked(of)
      yield* checked(of)
    }),
  )

  real("is closed with the server", () =>
    Effect.gen(function* () {
      const { of, voice } = yield* open()
      yield* of.voices.start(thread, {})
      const socket = yield* voice.socket(1)
      yield* of.stop
      yield* socket.gone
      expect(yield* runsOf(of)).toMatchObject([{ status: "closed" }])
    }),
  )
})
