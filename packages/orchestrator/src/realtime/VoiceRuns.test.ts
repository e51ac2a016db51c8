/** Voice runs under every interleaving of starts, stops, inputs, failures and late words, over a transport that the test plays. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Fiber, Logger } from "effect"
import fc from "fast-check"
import { FakeVoice } from "../../test/FakeVoice.js"
import { id, OrchestratorFixture, quiet } from "../../test/OrchestratorFixture.js"
import { runsOf } from "../../test/Voice.js"
import { maxWaitingInputs } from "./LiveVoice.js"
import { maxWaitingStarts } from "./VoiceRuns.js"

const numRuns = Number(process.env.THREADFOLD_RUNS ?? "25")

const acts = [
  "start",
  "start",
  "start-failing",
  "start-hanging",
  "stop",
  "text",
  "broken-text",
  "word",
  "error",
  "hang-up",
  "late-word",
  "settle",
] as const
type Act = (typeof acts)[number]

const word = { type: "realtime.item-added", payload: { kind: "message" } } as const
const error = { type: "realtime.error", payload: { message: "The model is gone." } } as const

/** Does what a story says, in a thread of its own; starts and stops go on beside what follows them. */
const play = (of: OrchestratorFixture, voice: FakeVoice, threadId: string, story: readonly Act[]) =>
  Effect.gen(function* () {
    const before = voice.links.length
    const under: Fiber.RuntimeFiber<unknown, never>[] = []
    const beside = (work: Effect.Effect<unknown, unknown>) =>
      Effect.map(Effect.fork(Effect.either(work)), (fiber) => void under.push(fiber))
    const start = (next: FakeVoice["next"]) =>
      Effect.suspend(() => {
        voice.next = next
        return Effect.zipRight(beside(of.voices.start(threadId, { transport: "direct" })), quietly)
      })
    const links = () => voice.links.slice(before)
    for (const act of story) {
      const last = links().at(-1)
      switch (act) {
        case "start":
          yield* start("up")
          break
        case "start-failing":
          yield* start("fail")
          break
        case "start-hanging":
          yield* start("hang")
          break
        case "stop":
          yield* beside(of.voices.stop(threadId))
          break
        case "text":
        case "broken-text":
          if (last !== undefined) last.nextInput = act === "text" ? "taken" : "broken"
          yield* beside(of.voices.appendText(threadId, act))
          break
        case "word":
          last?.say(word)
          break
        case "error":
          last?.say(error)
          last?.say(word)
          break
        case "hang-up":
          last?.hangUp()
          break
        case "late-word":
          // Of an earlier run, whose link nobody reads any more.
          for (const earlier of links().slice(0, -1)) {
            earlier.say(word)
            earlier.say(error)
          }
          break
        case "settle":
          yield* quietly
          break
      }
    }
    // A start that hangs is ended by the stop.
    for (let tries = 0; tries < 50; tries += 1) {
      yield* Effect.either(of.voices.stop(threadId))
      const waiting = yield* Effect.forEach(under, (fiber) => Fiber.poll(fiber))
      if (waiting.every(({ _tag }) => _tag === "Some")) break
      yield* quietly
    }
    yield* Effect.forEach(under, Fiber.join, { discard: true })
    yield* of.voices.stop(threadId)
    return links()
  })

/** Lets what is ready happen. */
const quietly = Effect.promise(async () => {
  for (let turns = 0; turns < 4; turns += 1) await new Promise<void>((resolve) => setImmediate(resolve))
})

/** A server whose direct voice the test plays. */
const opened = Effect.gen(function* () {
  const voice = new FakeVoice()
  const of = new OrchestratorFixture({ parts: { directVoice: voice.layer } })
  yield* Effect.orDie(of.open())
  return { of, voice }
})

/** The same with a thread whose conversation is live on a link. */
const live = Effect.gen(function* () {
  const { of, voice } = yield* opened
  yield* of.createThread()
  const thread = id("thread")
  yield* of.voices.start(thread, {})
  const [link] = voice.links
  return { of, thread, link, voice }
})

describe("voice runs", () => {
  it.scopedLive("end each once, whatever happens in whatever order, and touch no other run", () =>
    Effect.gen(function* () {
      const { of, voice } = yield* opened
      let stories = 0
      const property = fc.asyncProperty(
        fc.array(fc.constantFrom(...acts), { minLength: 3, maxLength: 24 }),
        (story) => {
          stories += 1
          const threadId = id(`story ${stories}`)
          const told = Effect.gen(function* () {
            yield* of.createThread(threadId)
            const links = yield* play(of, voice, threadId, story)
            const log = yield* of.log(threadId)
            const runs = yield* runsOf(of, threadId)
            for (const { lastError, realtimeId, status } of runs) {
              const own = log.filter((event) => event.realtimeId === realtimeId).map(({ type }) => type)
              const count = (type: string) => own.filter((one) => one === type).length
              const cameUp = count("realtime.started") === 1
              expect([status, own.join(" ")]).toEqual([cameUp ? "closed" : "failed", expect.any(String)])
              expect(count("realtime.closed")).toBe(cameUp ? 1 : 0)
              expect(count("realtime.failed")).toBe(cameUp ? 0 : 1)
              expect(count("realtime.error")).toBeLessThanOrEqual(1)
              expect(own.at(-1)).toBe(cameUp ? "realtime.closed" : "realtime.failed")
              if (count("realtime.error") === 0 && cameUp) expect(lastError).toBeNull()
            }
            expect(
              log
                .filter(({ type }) => type.startsWith("realtime.") && type !== "realtime.stop-requested")
                .every(({ realtimeId }) => realtimeId !== null),
            ).toBe(true)
            const { snapshot } = yield* of.snapshot(threadId)
            expect(snapshot.anomalies).toEqual([])
            expect(links.every(({ isClosed }) => isClosed)).toBe(true)
            expect(yield* of.violations(threadId)).toEqual([])
          })
          return Effect.runPromise(
            Effect.scoped(Effect.provide(Effect.orDie(told), Logger.remove(Logger.defaultLogger))),
          )
        },
      )
      yield* Effect.promise(() => fc.assert(property, { numRuns }))
    }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger))),
  )

  it.scopedLive("take no more input than may wait, and go on", () =>
    Effect.gen(function* () {
      const { link, of, thread } = yield* live
      if (link !== undefined) link.nextInput = "hanging"
      const say = (index: number) => of.voices.appendText(thread, `word ${index}`)
      const words = Array.from({ length: maxWaitingInputs }, (_, index) => say(index))
      const waiting = yield* Effect.forEach(words, Effect.fork)
      yield* quiet
      expect(yield* Effect.flip(say(99))).toMatchObject({ _tag: "VoiceInputsFull", limit: maxWaitingInputs })
      yield* Fiber.interruptAll(waiting)
      if (link !== undefined) link.nextInput = "taken"
      yield* say(100)
      expect(link?.inputs).toEqual(["word 100"])
      yield* of.voices.stop(thread)
    }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger))),
  )

  it.scopedLive("give an input to the run that it names alone, and change nothing where another one lives", () =>
    Effect.gen(function* () {
      const { link, of, thread, voice } = yield* live
      const [one] = yield* runsOf(of)
      const { realtimeId } = yield* of.voices.start(thread, {})
      const late = one?.realtimeId
      const before = (yield* of.log()).length
      const audio = { data: "AAAA", sampleRate: 24_000, channels: 1 }
      for (const input of [
        of.voices.appendText(thread, "late", late),
        of.voices.appendAudio(thread, audio, late),
        of.voices.speak(thread, "late", late),
      ]) {
        const message = expect.stringContaining(realtimeId)
        expect(yield* Effect.flip(input)).toMatchObject({
          _tag: "VoiceNotLive",
          named: late,
          live: realtimeId,
          message,
        })
      }
      yield* of.voices.appendText(thread, "mine", realtimeId)
      expect([link?.inputs, voice.links[1]?.inputs]).toEqual([[], ["mine"]])
      yield* of.voices.stop(thread)
      const over = of.voices.appendText(thread, "late", realtimeId)
      expect(yield* Effect.flip(over)).toMatchObject({ _tag: "VoiceNotLive" })
      expect((yield* of.log()).slice(before).map(({ type }) => type)).toEqual([
        "realtime.stop-requested",
        "realtime.closed",
      ])
    }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger))),
  )

  it.scopedLive("are at most so many, however many starts come at once, and so few starts of one thread wait", () =>
    Effect.gen(function* () {
      const { of, voice } = yield* opened
      const threads = Array.from({ length: 66 }, (_, index) => id(`thread ${index}`))
      yield* Effect.forEach(threads, (thread) => of.createThread(thread))
      const startAll = (of_: readonly string[]) =>
        Effect.all(
          of_.map((thread) => Effect.either(of.voices.start(thread, { transport: "direct" }))),
          { concurrency: "unbounded" },
        )
      const begun = yield* startAll(threads)
      const refused = begun.flatMap((one) => (Either.isLeft(one) ? [one.left._tag] : []))
      expect([voice.links.length, refused]).toEqual([64, ["VoiceLimit", "VoiceLimit"]])
      voice.next = "hang"
      const [first] = threads
      const waiting = yield* Effect.fork(startAll(Array.from({ length: maxWaitingStarts + 2 }, () => first ?? "")))
      yield* of.eventually(runsOf(of, first), (runs) => runs.at(-1)?.status === "requested")
      // The end of the server ends what is live and what is about to start, and what waits begins nothing.
      yield* of.stop
      const tags = (yield* Fiber.join(waiting)).flatMap((one) => (Either.isLeft(one) ? [one.left._tag] : []))
      expect(tags.filter((tag) => tag === "VoiceStartsFull")).toHaveLength(2)
      expect(tags.filter((tag) => tag === "VoiceFailed")).toHaveLength(maxWaitingStarts)
      expect((yield* runsOf(of, first)).map(({ status }) => status)).toEqual(["closed", "failed"])
      expect(voice.links.every(({ isClosed }) => isClosed)).toBe(true)
    }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger))),
  )

  it.scopedLive("put a failed input's error before the close, and tell the caller", () =>
    Effect.gen(function* () {
      const { link, of, thread } = yield* live
      if (link !== undefined) link.nextInput = "broken"
      const failed = yield* Effect.either(of.voices.appendText(thread, "hello"))
      expect(Either.isLeft(failed) && failed.left._tag).toBe("VoiceFailed")
      expect(yield* runsOf(of)).toMatchObject([{ status: "closed", reason: "error", lastError: "The pipe is broken." }])
      const before = (yield* of.log()).length
      link?.say(word)
      yield* quiet
      expect((yield* of.log()).length).toBe(before)
      expect(yield* Effect.flip(of.voices.appendText(thread, "late"))).toMatchObject({ _tag: "VoiceNotLive" })
      expect((yield* of.log()).length).toBe(before)
    }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger))),
  )
})
