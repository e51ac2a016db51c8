import { describe, expect, it } from "@effect/vitest"
import { ConnectionLost, type ProviderConnection, type ProviderDriver, Unsupported } from "@threadfold/providers"
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
  closeThread: () => Effect.void,
  stop: Effect.void,
}

const driver = (connect: ProviderDriver["connect"]): ProviderDriver =>
  observedDriver({
    provider,
    capabilities: {
      "start-thread": true,
      "resume-thread": true,
      "send-turn": true,
      steer: false,
      interrupt: true,
      answer: true,
      stop: true,
      sharesConnection: true,
    },
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
})
