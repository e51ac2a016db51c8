/** A realtime model that means harm, over a real socket: whatever it sends, the run goes on or has one end, and the server serves. */
import { describe, expect, it } from "@effect/vitest"
import { directVoiceLive } from "@threadfold/providers"
import { realtimeServer } from "@threadfold/testkit"
import { Effect, Logger } from "effect"
import { completes, id, OrchestratorFixture, snapshotOf, turnsOf } from "../../test/OrchestratorFixture.js"
import { closed, handoffsOf, runsOf, saidByVoice, voiceChecked } from "../../test/Voice.js"

const thread = id("thread")
const MiB = 1024 * 1024

const live = Effect.gen(function* () {
  const voice = yield* realtimeServer
  const directVoice = directVoiceLive({ baseUrl: voice.baseUrl, apiKey: "mock-key-of-the-test" })
  const of = new OrchestratorFixture({ parts: { directVoice } })
  yield* Effect.orDie(of.open())
  yield* Effect.orDie(of.createThread())
  yield* of.voices.start(thread, { transport: "direct" })
  return { of, voice, socket: yield* voice.socket(1) }
})

const test = (name: string, body: () => Effect.Effect<void, unknown, import("effect").Scope.Scope>) =>
  it.scopedLive(name, () => body().pipe(Effect.provide(Logger.remove(Logger.defaultLogger))))

const done = (itemId: string, text: string) => ({ type: "response.output_text.done", item_id: itemId, text }) as const

describe("a hostile realtime model", () => {
  test("is answered that work was not begun, where it asks for 2 MiB of it, and is heard on", () =>
    Effect.gen(function* () {
      const { of, socket } = yield* live
      socket.handsOff("call-long", "a".repeat(2 * MiB))
      yield* socket.until(({ texts }) => texts.some((text) => text.includes("1000000 characters")))
      expect(socket.texts.filter((text) => text.includes("was not begun"))).toHaveLength(1)
      socket.handsOff("call-2", "do it")
      yield* of.eventually(turnsOf(of), (turns) => turns.some(({ status }) => status === "running"))
      expect(yield* handoffsOf(of)).toMatchObject([{ text: "do it" }])
      completes(of)
      yield* socket.until(({ texts }) => texts.some((text) => text.includes("The work is done.")))
      yield* of.voices.stop(thread)
      yield* voiceChecked(of)
    }))

  test("has ids that no log takes left out, and doubled ones once", () =>
    Effect.gen(function* () {
      const { of, socket } = yield* live
      const long = "x".repeat(5_000)
      socket.handsOff(long, "with an endless id")
      socket.say(done(long, "one"))
      for (let times = 0; times < 3; times += 1) {
        socket.say({ ...done("i", "two"), event_id: "e" })
        socket.handsOff("call-1", "do it")
      }
      socket.say({ type: "response.done", response: { id: "resp_of_nothing", status: "failed" } })
      socket.say({ type: "response.output_audio.delta", response_id: "unknown", item_id: "unknown", delta: "AAAA" })
      socket.say({ type: "conversation.item.done", item: { id: "unknown", type: "function_call" } })
      socket.speaks("still here")
      yield* saidByVoice(of, "still here")
      const said = (yield* of.log()).filter(({ type }) => type === "realtime.transcript.done")
      expect(said.map(({ native, payload }) => [native?.itemId?.length, payload])).toMatchObject([
        [undefined, { text: "one" }],
        [1, { text: "two" }],
        [expect.any(Number), { text: "still here" }],
      ])
      yield* of.eventually(handoffsOf(of), (all) => all.length === 1)
      yield* of.voices.stop(thread)
    }))

  test("loses its connection for a message of more than 16 MiB, and the conversation goes on in another one", () =>
    Effect.gen(function* () {
      const { of, socket, voice } = yield* live
      socket.sayRaw("x".repeat(17 * MiB))
      const second = yield* voice.socket(2)
      second.speaks("still here")
      yield* saidByVoice(of, "still here")
      yield* of.voices.stop(thread)
      yield* voiceChecked(of)
    }))

  test("is slowed down by what waits to be written, and loses no word", () =>
    Effect.gen(function* () {
      const { of, socket } = yield* live
      // Its bytes are not written; they count while they wait.
      const delta = "A".repeat(4 * MiB)
      for (let index = 0; index < 6; index += 1)
        socket.say({ type: "response.output_audio.delta", item_id: "i", delta })
      for (let index = 0; index < 1_000; index += 1)
        socket.say({ type: "rate_limits.updated", rate_limits: [{ index }] })
      socket.speaks("still here")
      yield* saidByVoice(of, "still here")
      const heard = (yield* of.log()).filter(({ type }) => type === "realtime.audio")
      expect(heard.map(({ payload }) => payload)).toEqual(
        Array.from({ length: 6 }, () => ({ direction: "output", bytes: 4 * MiB, sampleRate: 24_000, frames: 1 })),
      )
      yield* of.voices.stop(thread)
      yield* voiceChecked(of)
    }))

  test("is not heard after the close, whatever it still sends", () =>
    Effect.gen(function* () {
      const { of, socket } = yield* live
      socket.fail("server_error", "internal", "The model is gone.")
      for (let index = 0; index < 50; index += 1) {
        socket.say(done(`late${index}`, "too late"))
        socket.handsOff(`late-${index}`, "too late")
      }
      socket.fail("server_error", "internal", "Once more.")
      yield* closed(of)
      const before = (yield* of.log()).length
      yield* socket.gone
      socket.say(done("after", "after"))
      expect(yield* runsOf(of)).toMatchObject([{ reason: "error", lastError: "The model is gone." }])
      expect((yield* of.log()).length).toBe(before)
      expect((yield* snapshotOf(of)).turns).toEqual([])
      yield* voiceChecked(of)
    }))
})
