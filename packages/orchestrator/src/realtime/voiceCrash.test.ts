/** A server that is killed at every step of a voice conversation, and starts again: each run has one end, and nothing after it. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { FakeVoice } from "../../test/FakeVoice.js"
import { completes, id, OrchestratorFixture, quiet, snapshotOf } from "../../test/OrchestratorFixture.js"
import { runsOf, voiceTypes } from "../../test/Voice.js"

const thread = id("thread")

/** Each step takes a server and a database of its own: every one is tried where the number of runs is raised. */
const stride = process.env.THREADFOLD_RUNS === undefined ? 5 : 1

const handoff = (handoffId: string) =>
  ({ type: "realtime.handoff", payload: { text: "do it" }, native: { handoffId } }) as const
const said = { type: "realtime.transcript.done", payload: { role: "user", text: "hello" } } as const

/** A conversation with a word, a handoff and its outcome, a replacement, an error and a start after it. */
const story = (of: OrchestratorFixture, voice: FakeVoice) =>
  Effect.gen(function* () {
    const beside = (work: Effect.Effect<unknown, unknown>) =>
      Effect.zipRight(Effect.forkDaemon(Effect.ignore(work)), quiet)
    const last = () => voice.links.at(-1)
    yield* beside(of.voices.start(thread, { transport: "direct" }))
    last()?.say(said)
    last()?.say(handoff("call-1"))
    yield* quiet
    if (of.agent.connections.length > 0) completes(of)
    yield* quiet
    yield* beside(of.voices.look(thread))
    yield* beside(of.voices.start(thread, { transport: "direct" }))
    last()?.say({ type: "realtime.error", payload: { message: "gone" } })
    yield* quiet
    yield* beside(of.voices.start(thread, { transport: "direct" }))
    yield* beside(of.voices.stop(thread))
  })

/** What must hold of a log whatever was killed: one end for each run, nothing of it after that, no turn twice. */
const whole = (of: OrchestratorFixture) =>
  Effect.gen(function* () {
    const log = yield* of.log()
    for (const { realtimeId, status } of yield* runsOf(of)) {
      const own = log.filter((event) => event.realtimeId === realtimeId && event.type.startsWith("realtime."))
      const types = own.map(({ type }) => type)
      const ends = types.filter((type) => type === "realtime.closed" || type === "realtime.failed")
      expect([status, ends]).toEqual(
        types.includes("realtime.started") ? ["closed", ["realtime.closed"]] : ["failed", ["realtime.failed"]],
      )
      expect(types.at(-1)).toBe(ends[0])
    }
    const { anomalies, turns } = yield* snapshotOf(of)
    expect(anomalies).toEqual([])
    expect(new Set(turns.map(({ turnId }) => turnId)).size).toBe(turns.length)
    expect(yield* of.violations()).toEqual([])
  })

describe("a server that is killed in a voice conversation", () => {
  it.scopedLive("leaves one end of each run, at every step, and does not touch the turn", () =>
    Effect.gen(function* () {
      let steps = 0
      const open = (submission: number, committed: boolean) =>
        Effect.gen(function* () {
          const voice = new FakeVoice()
          const of = new OrchestratorFixture({ parts: { directVoice: voice.layer } })
          yield* Effect.orDie(of.open())
          yield* of.createThread()
          yield* of.stop
          yield* of.start({ submission, committed })
          return { of, voice }
        })
      const { of, voice } = yield* open(10_000, true)
      yield* story(of, voice)
      steps = of.submissions
      yield* whole(of)
      expect((yield* runsOf(of)).map(({ reason }) => reason)).toEqual(["replaced", "error", "requested"])
      for (let step = 1; step <= steps; step += stride) {
        for (const committed of stride === 1 ? [false, true] : [step % 2 === 0]) {
          yield* Effect.scoped(
            Effect.gen(function* () {
              const { of, voice } = yield* open(step, committed)
              yield* story(of, voice)
              of.crash()
              const before = yield* snapshotOf(of)
              yield* of.start()
              yield* quiet
              yield* whole(of)
              // A conversation that no session carries: its end leaves turn and session as the agent's end makes them.
              const after = yield* snapshotOf(of)
              expect(after.turns.length).toBe(before.turns.length)
              const words = yield* voiceTypes(of)
              yield* of.stop
              yield* of.start()
              yield* quiet
              expect(yield* voiceTypes(of)).toEqual(words)
            }),
          )
        }
      }
    }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger))),
  )
})
