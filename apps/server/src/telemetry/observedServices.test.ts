import { describe, expect, it } from "@effect/vitest"
import {
  allCapabilities,
  ConnectionLost,
  noChoices,
  type ProviderConnection,
  type ProviderDriver,
  type ProviderVoice,
  Unsupported,
} from "@threadfold/providers"
import { Effect, Exit, Option, Stream, TestClock, Tracer } from "effect"
import { durationsText } from "./durations.js"
import { chosenSpans } from "./exporter.js"
import { observedDriver } from "./observedServices.js"

const provider = "telemetry-test"

const connection: ProviderConnection = {
  events: Stream.empty,
  reference: () => "thread",
  startThread: () => Effect.delay(Effect.succeed({ nativeThreadId: "n" }), 40),
  resumeThread: () => Effect.succeed({ nativeThreadId: "n" }),
  sendTurn: () => Effect.succeed({ callId: "1", answered: Effect.void }),
  steer: () => new Unsupported({ provider, operation: "steer" }),
  interrupt: () => Effect.succeed({ callId: "1", answered: Effect.void }),
  answer: () => Effect.succeed({ callId: "1", answered: Effect.void }),
  configure: () => Effect.void,
  closeThread: () => Effect.void,
  stop: Effect.void,
}

const voice: ProviderVoice = {
  check: () => Effect.succeed(null),
  start: () => Effect.succeed({ callId: "1", answered: Effect.void }),
  appendText: () => Effect.void,
  appendSpeech: () => Effect.void,
  appendAudio: () => Effect.void,
  stop: () => Effect.void,
  voices: Effect.succeed({ versions: {}, defaults: {} }),
}

/** What every connection has; it takes no time. */
const least: ProviderConnection = { ...connection, startThread: () => Effect.succeed({ nativeThreadId: "n" }) }

/** A connection with every member that there is: a new one does not compile until it is here, too. */
const whole: Required<ProviderConnection> = {
  ...least,
  choices: () => noChoices,
  rewind: () => Effect.succeed({ files: null, reopen: false }),
  lists: { models: Effect.succeed([]) },
  login: () => new Unsupported({ provider, operation: "login" }),
  listChanges: () => 7,
  fork: () => Effect.succeed({ nativeThreadId: "fork" }),
  compact: () => Effect.succeed({ callId: "compact", answered: Effect.void }),
  review: () => Effect.succeed({ callId: "review", answered: Effect.void }),
  stopTask: () => Effect.void,
  voice,
}

/** A connection with these members beside those that each one has. */
const onlyWith = (names: readonly string[]): ProviderConnection => ({
  ...least,
  ...Object.fromEntries(Object.entries(whole).filter(([name]) => names.includes(name))),
})

/** The same connection, which notes what it is asked. */
const noting = (calls: unknown[], inner: ProviderConnection): ProviderConnection =>
  new Proxy(inner, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== "function") return member
      return (...given: readonly unknown[]) => {
        calls.push([name, ...given])
        return Reflect.apply(member, target, given)
      }
    },
  })

const isRunnable = (answer: unknown): answer is Effect.Effect<unknown, unknown> => Effect.isEffect(answer)

/** What a member answers: the end of its effect, where it has one. */
// biome-ignore lint/complexity/noBannedTypes: a member of any shape is asked here.
const answerOf = (member: Function, asked: unknown): Effect.Effect<unknown> =>
  Effect.suspend(() => {
    const answer: unknown = Reflect.apply(member, undefined, [asked])
    return isRunnable(answer) ? Effect.exit(answer) : Effect.succeed(answer)
  })

const driver = (connect: ProviderDriver["connect"]): ProviderDriver =>
  observedDriver({
    provider,
    capabilities: {
      ...allCapabilities(true, noChoices, []),
      steer: false,
      images: true,
      mentions: true,
      commands: true,
    },
    settingsOf: () => ({}),
    connect,
  })

/** A tracer that keeps the name and the end of each span. */
const keeping = () => {
  const ended: string[] = []
  const tracer = Tracer.make({
    context: (f) => f(),
    span: (name, parent, context, links, startTime, kind) => {
      const attributes = new Map<string, unknown>()
      return {
        _tag: "Span",
        name,
        spanId: "1",
        traceId: "1",
        parent,
        context,
        status: { _tag: "Started", startTime },
        attributes,
        links,
        sampled: true,
        kind,
        end: (_at, exit) => {
          const below = Option.isSome(parent) && parent.value._tag === "Span" ? ` below ${parent.value.name}` : ""
          ended.push(`${name} ${attributes.get("operation") ?? "-"} ${Exit.isSuccess(exit) ? "ok" : "failed"}${below}`)
        },
        attribute: (key, value) => void attributes.set(key, value),
        event: () => undefined,
        addLinks: () => undefined,
      }
    },
  })
  return { ended, tracer }
}

/** The value of a series; its labels in any order. */
const valueOf = (series: string): number => {
  const [name = "", labels = ""] = series.split(/[{}]/)
  const line = durationsText()
    .split("\n")
    .find((one) => one.startsWith(`${name}{`) && labels.split(",").every((label) => one.includes(label)))
  return Number(line?.split(" ").at(-1))
}

describe("the spans that are exported", () => {
  it.effect("are those of the service, each below the nearest one that is exported", () =>
    Effect.gen(function* () {
      const { ended, tracer } = keeping()
      const query = Effect.withSpan(Effect.withSpan(Effect.void, "threadfold.submit"), "sql.execute")
      yield* query.pipe(Effect.withSpan("http.server POST"), Effect.withTracer(chosenSpans(tracer)))
      expect(ended).toEqual(["threadfold.submit - ok below http.server POST", "http.server POST - ok"])
    }),
  )
})

describe("an observed driver", () => {
  it.effect("measures its connecting and what is asked of its connections, and makes spans of both", () =>
    Effect.gen(function* () {
      const { ended, tracer } = keeping()
      const work = Effect.gen(function* () {
        const open = yield* driver(() => Effect.succeed(connection)).connect({ connectionId: "c", marks: {} })
        expect(open.reference("n")).toBe("thread")
        yield* open.startThread({ threadId: "t" })
        yield* Effect.flip(open.steer({ nativeThreadId: "n", nativeTurnId: "u", text: "x" }))
      })
      const fiber = yield* Effect.fork(Effect.withTracer(Effect.scoped(work), tracer))
      yield* TestClock.adjust(40)
      yield* fiber
      expect(ended).toEqual([
        "threadfold.connect - ok",
        "threadfold.effect start-thread ok",
        "threadfold.effect steer failed",
      ])
      expect(valueOf(`threadfold_connect_seconds_count{provider="${provider}",result="ok"}`)).toBe(1)
      const started = `provider="${provider}",operation="start-thread",result="ok"`
      expect(valueOf(`threadfold_effect_seconds_sum{${started}}`)).toBe(0.04)
      expect(valueOf(`threadfold_effect_seconds_bucket{${started},le="0.01"}`)).toBe(0)
      expect(valueOf(`threadfold_effect_seconds_bucket{${started},le="0.05"}`)).toBe(1)
      expect(valueOf(`threadfold_effect_seconds_bucket{${started},le="+Inf"}`)).toBe(1)
      expect(valueOf(`threadfold_effect_seconds_count{operation="steer",result="Unsupported"}`)).toBe(1)
    }),
  )

  it.effect("counts an agent that cannot be connected by its error", () =>
    Effect.gen(function* () {
      const lost = new ConnectionLost({ provider, message: "gone" })
      const failing = driver(() => lost).connect({ connectionId: "c", marks: {} })
      expect((yield* Effect.flip(Effect.scoped(failing))).message).toBe("gone")
      expect(valueOf(`threadfold_connect_seconds_count{provider="${provider}",result="ConnectionLost"}`)).toBe(1)
    }),
  )

  it.scoped("keeps every member that a driver and a connection have, and passes on what is asked and answered", () =>
    Effect.gen(function* () {
      const optional = Object.keys(whole).filter((name) => !Object.hasOwn(least, name))
      const some = [[], optional, ...optional.map((name) => [name])]
      for (const names of some) {
        const calls: unknown[] = []
        const inner = noting(calls, onlyWith(names))
        const { capabilities, settingsOf } = driver(() => Effect.succeed(inner))
        const given: Required<Omit<ProviderDriver, "connect">> = {
          provider,
          capabilities,
          settingsOf,
          listsNeedThread: true,
          hasVoice: true,
        }
        const { connect, ...rest } = observedDriver({ ...given, connect: () => Effect.succeed(inner) })
        expect(rest).toEqual(given)
        const seen = yield* connect({ connectionId: "c", marks: {} })
        expect(Object.keys(seen).sort()).toEqual([...Object.keys(least), ...names].sort())
        for (const name of Object.keys(seen)) {
          const member: unknown = Reflect.get(seen, name)
          const own: unknown = Reflect.get(whole, name)
          if (typeof member !== "function" || typeof own !== "function") {
            expect([name, member]).toEqual([name, own])
            continue
          }
          const asked = { threadId: "t", turnId: "u", of: name }
          calls.length = 0
          const answer = yield* answerOf(member, asked)
          expect(calls).toEqual([[name, asked]])
          expect([name, answer]).toEqual([name, yield* answerOf(own, asked)])
        }
      }
    }),
  )
})
