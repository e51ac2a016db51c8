/** Conversations with a realtime model that the server calls itself, over a real socket; the coding agent lives in the test. */
import { describe, expect, it } from "@effect/vitest"
import { directVoiceLive } from "@threadfold/providers"
import { realtimeServer } from "@threadfold/testkit"
import { Effect, Logger } from "effect"
import {
  completes,
  id,
  nativeOf,
  OrchestratorFixture,
  running,
  snapshotOf,
  turnsOf,
} from "../../test/OrchestratorFixture.js"
import { closed, handedOff, runsOf, saidByVoice, voiceChecked, voiceTypes } from "../../test/Voice.js"

const thread = id("thread")

const open = Effect.gen(function* () {
  const voice = yield* realtimeServer
  const settings = { baseUrl: voice.baseUrl, apiKey: "mock-key-of-the-test" }
  const of = new OrchestratorFixture({ parts: { directVoice: directVoiceLive(settings) } })
  yield* Effect.orDie(of.open())
  yield* Effect.orDie(of.createThread())
  return { of, voice }
})

const live = Effect.gen(function* () {
  const { of, voice } = yield* open
  const started = yield* of.voices.start(thread, { transport: "direct" })
  const socket = yield* voice.socket(1)
  return { of, voice, started, socket }
})

/** Waits until a turn runs. */
const turnRuns = (of: OrchestratorFixture) =>
  of.eventually(turnsOf(of), (turns) => turns.some(({ status }) => status === "running"))

const test = (name: string, body: () => Effect.Effect<void, unknown, import("effect").Scope.Scope>) =>
  it.scopedLive(name, () => body().pipe(Effect.provide(Logger.remove(Logger.defaultLogger))))

describe("a direct conversation", () => {
  test("takes text and audio, speaks, is heard in order, and is stopped", () =>
    Effect.gen(function* () {
      const { of, socket, started, voice } = yield* live
      expect(started).toMatchObject({ transport: "direct", version: "v2" })
      expect(socket.authorization).toBe("Bearer mock-key-of-the-test")
      expect(socket.url).toBe("/v1/realtime?model=gpt-realtime")
      yield* of.voices.appendText(thread, "hello")
      yield* socket.until(({ texts }) => texts.includes("hello"))
      yield* socket.until((one) => one.of("response.create").length === 1)
      socket.speaks("good morning", ["AAAA"])
      yield* saidByVoice(of, "good morning")
      socket.hears("good evening")
      yield* saidByVoice(of, "good evening")
      yield* of.voices.appendAudio(thread, { data: "AAAA", sampleRate: 24_000, channels: 1 })
      yield* socket.until((one) => one.of("input_audio_buffer.append").length === 1)
      const odd = yield* Effect.flip(of.voices.appendAudio(thread, { data: "AAAA", sampleRate: 8_000, channels: 1 }))
      expect(odd).toMatchObject({ _tag: "VoiceRefused", check: "input" })
      yield* of.voices.speak(thread, "say it")
      yield* socket.until((one) => one.of("response.create").length === 2)
      expect(yield* of.voices.stop(thread)).toBe(started.realtimeId)
      yield* socket.gone
      expect(socket.closeCode).toBe(1000)
      expect(yield* runsOf(of)).toMatchObject([{ status: "closed", reason: "requested", lastError: null }])
      expect(voice.sockets()).toHaveLength(1)
      yield* voiceChecked(of)
    }))

  test("answers a text while the voice speaks with one response, after the one under way", () =>
    Effect.gen(function* () {
      const { of, socket } = yield* live
      socket.begin()
      // What was said before is in the log when the response is known to be under way.
      socket.say({ type: "conversation.item.added", item: { id: "mark", type: "message", role: "assistant" } })
      yield* of.eventually(voiceTypes(of), (types) => types.includes("realtime.item-added"))
      yield* of.voices.appendText(thread, "one")
      yield* of.voices.appendText(thread, "two")
      yield* socket.until(({ texts }) => texts.length === 2)
      expect(socket.of("response.create")).toHaveLength(0)
      // Barge-in: what is said is cut short, and the new response waits until that is confirmed.
      yield* of.voices.speak(thread, "three")
      yield* socket.until((one) => one.of("response.cancel").length === 1)
      expect(socket.of("response.create")).toHaveLength(0)
      socket.finish("cancelled")
      yield* socket.until(({ speeches }) => speeches.length === 1)
      expect(socket.speeches).toEqual(["three"])
      // The texts are still to be answered: once, after that.
      socket.finish()
      yield* socket.until((one) => one.of("response.create").length === 2)
      yield* of.voices.stop(thread)
      yield* voiceChecked(of)
    }))

  test("survives errors about one message, doubled and odd messages", () =>
    Effect.gen(function* () {
      const { of, socket } = yield* live
      socket.fail("invalid_request_error", "response_cancel_not_active", "Cancellation failed.")
      socket.sayRaw("no json")
      socket.sayRaw("[1]")
      socket.say({ type: "of.a.later.version" })
      const twice = { type: "response.output_text.done", event_id: "event_1", item_id: "i", text: "once" }
      socket.say(twice)
      socket.say(twice)
      socket.speaks("still here")
      yield* saidByVoice(of, "still here")
      const said = (yield* of.log()).filter(({ type }) => type === "realtime.transcript.done")
      expect(said.map(({ payload }) => payload)).toMatchObject([{ text: "once" }, { text: "still here" }])
      yield* of.voices.stop(thread)
      yield* voiceChecked(of)
    }))

  test("goes on and loses no word, whatever a hostile model says", () =>
    Effect.gen(function* () {
      const { of, socket } = yield* live
      const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels)
      const item = (more: string) =>
        `{"type":"conversation.item.added","item":{"id":"${more.length}","type":"message",${more}}}`
      socket.sayRaw(item(`"content":${deep(50_000)}`))
      socket.sayRaw(item('"__proto__":{"type":"x"},"constructor":1'))
      socket.sayRaw('{"__proto__":{"type":"error"},"type":"conversation.item.added","item":null}')
      socket.sayRaw('{"type":"response.output_text.delta","delta":"\\ud800\\u0000"}')
      socket.sayRaw(item(`"content":"\\ud800\\u0000"`))
      socket.sayRaw(item(`"content":"${"a".repeat(3_000_000)}"`))
      for (const args of ["", "{", "null", '{"prompt":1}', deep(50_000)]) {
        const call = { type: "function_call", name: "nothing_we_have", call_id: `c${args.length}`, arguments: args }
        socket.say({ type: "response.output_item.done", item: call })
      }
      socket.speaks("still here")
      yield* saidByVoice(of, "still here")
      expect(yield* runsOf(of)).toMatchObject([{ status: "started" }])
      yield* of.voices.stop(thread)
      yield* voiceChecked(of)
    }))

  test("hands work to an idle thread: a turn with exactly its id, whose outcome goes back once", () =>
    Effect.gen(function* () {
      const { of, socket } = yield* live
      socket.handsOff("call-1", "please do it")
      socket.handsOff("call-1", "please do it")
      yield* turnRuns(of)
      expect(of.agent.texts).toEqual(["please do it"])
      const native = nativeOf(of)
      of.agent.last.say(
        native,
        "item.completed",
        { kind: "agent_message", status: "completed", text: "it is done" },
        { turnId: "turn-1", itemId: "m" },
      )
      completes(of)
      yield* socket.until(({ texts }) => texts.some((text) => text.includes("it is done")))
      const { delegations, turns } = yield* snapshotOf(of)
      expect(delegations).toMatchObject([{ status: "closed", turnId: delegations[0]?.delegationId }])
      expect(turns).toMatchObject([{ turnId: delegations[0]?.delegationId, outcome: "completed" }])
      yield* of.voices.stop(thread)
      expect(socket.texts.filter((text) => text.includes("it is done"))).toHaveLength(1)
      yield* voiceChecked(of)
    }))

  test("steers a handoff into the turn that runs, and its id becomes no turn", () =>
    Effect.gen(function* () {
      const { of, socket } = yield* live
      const { turnId } = yield* of.send("work")
      yield* running(of)
      socket.handsOff("call-1", "and this")
      yield* of.eventually(
        snapshotOf(of),
        ({ thread: { queued }, delegations }) => delegations.length === 1 && queued === 0,
      )
      expect(of.agent.texts).toEqual(["work", "steered: and this"])
      completes(of, "turn-1", "failed")
      yield* socket.until(({ texts }) => texts.some((text) => text.includes("The work failed.")))
      const { delegations, turns } = yield* snapshotOf(of)
      expect(delegations).toMatchObject([{ turnId, status: "closed" }])
      expect(turns).toHaveLength(1)
      yield* of.voices.stop(thread)
      yield* voiceChecked(of)
    }))

  test("reports a handoff that the agent did not let into its turn by the turn that it became", () =>
    Effect.gen(function* () {
      const { of, socket } = yield* live
      const { turnId } = yield* of.send("work")
      yield* running(of)
      of.agent.behaviour.steer = "refuse"
      socket.handsOff("call-1", "and this")
      yield* of.eventually(snapshotOf(of), ({ delegations }) => delegations.length === 1)
      completes(of)
      const hasOwn = ({ delegations }: { delegations: readonly { turnId: string | null }[] }) =>
        delegations.every((one) => one.turnId !== null && one.turnId !== turnId)
      yield* of.eventually(snapshotOf(of), hasOwn)
      yield* of.eventually(turnsOf(of), (turns) => turns.filter(({ status }) => status === "running").length === 1)
      expect(of.agent.texts).toEqual(["work", "and this"])
      completes(of, "turn-2", "failed")
      yield* socket.until(({ texts }) => texts.some((text) => text.includes("The work failed.")))
      expect(socket.texts.filter((text) => text.includes("The work"))).toHaveLength(1)
      const { delegations, turns } = yield* snapshotOf(of)
      expect(turns.map((turn) => turn.turnId)).not.toContain(delegations[0]?.delegationId)
      yield* of.voices.stop(thread)
      yield* voiceChecked(of)
    }))

  test("goes on after its socket was cut, and gives an outcome of meanwhile back once", () =>
    Effect.gen(function* () {
      const { of, socket, voice } = yield* live
      yield* of.voices.appendText(thread, "remember this")
      yield* of.eventually(voiceTypes(of), (types) => types.includes("realtime.item-added"))
      socket.handsOff("call-1", "please do it")
      yield* turnRuns(of)
      voice.behaviour.refuses = 503
      socket.cut()
      completes(of)
      yield* handedOff(of)
      yield* of.voices.look(thread)
      voice.behaviour.refuses = null
      const second = yield* voice.socket(2)
      yield* second.until(({ texts }) => texts.some((text) => text.includes("The work is done.")))
      yield* of.voices.appendText(thread, "and now")
      yield* second.until(({ texts }) => texts.includes("and now"))
      expect(second.texts.filter((text) => text.includes("The work is done."))).toHaveLength(1)
      expect(second.texts).toContain("remember this")
      expect(second.of("conversation.item.create").map(({ item }) => item)).toContainEqual(
        expect.objectContaining({ type: "function_call", call_id: "call-1" }),
      )
      expect(yield* runsOf(of)).toMatchObject([{ status: "started" }])
      yield* of.voices.stop(thread)
      const said = (yield* of.log()).filter(({ payload }) => JSON.stringify(payload).includes("remember this"))
      expect(said).toHaveLength(1)
      yield* voiceChecked(of)
    }))

  test("ends with one error and one close when it cannot be made again", () =>
    Effect.gen(function* () {
      const { of, socket, started, voice } = yield* live
      voice.behaviour.refuses = 401
      socket.cut()
      yield* closed(of)
      expect(yield* runsOf(of)).toMatchObject([
        { status: "closed", reason: "error", lastError: expect.stringContaining("401") },
      ])
      expect((yield* voiceTypes(of, started.realtimeId)).slice(-2)).toEqual(["realtime.error", "realtime.closed"])
      expect(yield* Effect.flip(of.voices.appendText(thread, "late"))).toMatchObject({ _tag: "VoiceNotLive" })
      yield* voiceChecked(of)
    }))

  test("closes when the other side hangs up, and on an error after which no session goes on", () =>
    Effect.gen(function* () {
      const { of, socket, voice } = yield* live
      socket.close(1000)
      yield* closed(of)
      yield* of.voices.start(thread, { transport: "direct" })
      const second = yield* voice.socket(2)
      second.fail("server_error", "internal", "The model is gone.")
      second.speaks("too late")
      yield* of.eventually(runsOf(of), (runs) => runs[1]?.status === "closed")
      expect(yield* runsOf(of)).toMatchObject([
        { reason: "transport_closed", lastError: null },
        { reason: "error", lastError: "The model is gone." },
      ])
      yield* voiceChecked(of)
    }))

  test("reports failed starts to their caller, and leaves the live run untouched where a check fails", () =>
    Effect.gen(function* () {
      const { of, started, voice } = yield* live
      const before = (yield* of.log()).length
      const start = (more: object) => Effect.flip(of.voices.start(thread, { transport: "direct", ...more }))
      expect(yield* start({ voice: "nobody" })).toMatchObject({ _tag: "VoiceRefused", check: "voice" })
      expect(yield* start({ version: "v9" })).toMatchObject({ check: "version" })
      expect(yield* start({ transport: "agent" })).toMatchObject({ check: "transport" })
      expect((yield* of.log()).length).toBe(before)
      voice.behaviour.refusesSession = true
      expect(yield* start({})).toMatchObject({ _tag: "VoiceFailed", message: expect.stringContaining("not served") })
      voice.behaviour.refuses = 401
      expect(yield* start({})).toMatchObject({ _tag: "VoiceFailed", message: expect.stringContaining("401") })
      expect(yield* runsOf(of)).toMatchObject([
        { realtimeId: started.realtimeId, status: "closed", reason: "replaced" },
        { status: "failed" },
        { status: "failed" },
      ])
      yield* voiceChecked(of)
    }))

  test("ends a start that never comes up, when it is stopped", () =>
    Effect.gen(function* () {
      const { of, voice } = yield* open
      voice.behaviour.isSilent = true
      const start = yield* Effect.fork(Effect.flip(of.voices.start(thread, { transport: "direct" })))
      yield* voice.socket(1)
      yield* of.voices.stop(thread)
      expect(yield* start.await).toMatchObject({ _tag: "Success", value: { _tag: "VoiceFailed" } })
      expect(yield* runsOf(of)).toMatchObject([{ status: "failed", reason: null }])
      expect(yield* of.voices.stop(thread)).toBeNull()
      yield* voiceChecked(of)
    }))

  test("is settled after the server was killed, and goes on in another conversation", () =>
    Effect.gen(function* () {
      const { of, socket, voice } = yield* live
      socket.handsOff("call-1", "please do it")
      yield* turnRuns(of)
      of.crash()
      yield* of.start()
      expect(yield* runsOf(of)).toMatchObject([{ status: "closed", reason: "transport_closed" }])
      yield* of.eventually(turnsOf(of), (turns) => turns.every(({ settled }) => settled))
      yield* of.voices.start(thread, { transport: "direct" })
      const second = yield* voice.socket(2)
      // The outcome that no conversation was told.
      yield* second.until(({ texts }) => texts.some((text) => text.includes("The work was interrupted.")))
      second.handsOff("call-1b", "once more")
      yield* of.eventually(turnsOf(of), (turns) => turns.some(({ status }) => status === "running"))
      completes(of)
      yield* handedOff(of, 2)
      yield* second.until(({ texts }) => texts.some((text) => text.includes("The work is done.")))
      const { delegations, turns } = yield* snapshotOf(of)
      expect(new Set(turns.map(({ turnId }) => turnId))).toEqual(
        new Set(delegations.map(({ delegationId }) => delegationId)),
      )
      yield* of.voices.stop(thread)
      yield* voiceChecked(of)
    }))
})
