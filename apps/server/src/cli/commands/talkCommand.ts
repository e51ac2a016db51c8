/** `threadfold talk THREAD`: a voice conversation in text: lines of the input go in, transcripts come out. */
import { createInterface } from "node:readline"
import { Command, Options } from "@effect/cli"
import type { StreamMessage } from "@threadfold/client"
import { type EventEnvelope, VoiceTransportName } from "@threadfold/contracts"
import type { VoiceStarted } from "@threadfold/contracts/api"
import { isPayload } from "@threadfold/core"
import { Effect, Option, Stream, SubscriptionRef } from "effect"
import { asFinding, type OutputClosed } from "../failures.js"
import { ask, asProblem, openThread } from "../live.js"
import { namedThread } from "../namedThread.js"
import { note, write, writeJson } from "../output.js"
import { dataDir, json, oneOf } from "../sharedOptions.js"
import { harmless } from "../text/Look.js"

const transport = oneOf("transport", VoiceTransportName.literals).pipe(
  Options.withDescription("What carries it: the thread's agent, or direct (the configured realtime model)."),
  Options.optional,
)
const voice = Options.text("voice").pipe(
  Options.withDescription("The voice; by default the transport's."),
  Options.optional,
)
const model = Options.text("model").pipe(Options.withDescription("The realtime model."), Options.optional)
const prompt = Options.text("prompt").pipe(Options.withDescription("Instructions for the voice."), Options.optional)

/** How long the voice may take to answer the last line after the input has ended, ms. */
const ANSWER_MS = 30_000

const types = [
  "realtime.transcript.done",
  "realtime.error",
  "realtime.closed",
  "delegation.opened",
  "realtime.handoff",
  "session.exited",
] as const

const shown = (text: string): string => (process.stdout.isTTY === true ? harmless(text) : text)

/** A line for a person; null: none. */
const lineOf = ({ payload, type }: EventEnvelope): string | null => {
  if (type === "realtime.transcript.done" && isPayload(type, payload)) return `${payload.role ?? "?"}: ${payload.text}`
  if (type === "delegation.opened" && isPayload(type, payload)) return `[work: ${payload.text ?? ""}]`
  if (type === "realtime.handoff" && isPayload(type, payload)) return `[work: ${payload.text ?? ""}]`
  if (type === "realtime.error" && isPayload(type, payload)) return `[error: ${payload.message}]`
  return null
}

const isAnswer = ({ payload, type }: EventEnvelope): boolean =>
  type === "realtime.transcript.done" && isPayload(type, payload) && payload.role === "assistant"

const isOver = (event: EventEnvelope, { realtimeId, transport }: VoiceStarted): boolean =>
  (event.type === "realtime.closed" && event.realtimeId === realtimeId) ||
  (event.type === "session.exited" && transport === "agent")

/** The lines of the input; a terminal or a pipe. */
const lines = () => Stream.fromAsyncIterable(createInterface({ input: process.stdin }), (error) => error)

/** How often a server that has gone is looked for: a conversation does not outlive it. Pauses in ms, from the first to the longest. */
const followed = { maxFailures: 3, backoffMs: [250, 1_000] } as const

export const talkCommand = Command.make(
  "talk",
  { thread: namedThread(), transport, voice, model, prompt, dataDir, json },
  (options) =>
    Effect.gen(function* () {
      const { threadId, threadfold } = yield* openThread(options)
      // What is said from here on belongs to this conversation.
      const { sequence } = yield* ask(threadfold, (api) =>
        api.threads.get({ path: { threadId }, urlParams: { limit: 1 } }),
      )
      let isGone = false
      const started = yield* Effect.acquireRelease(
        Effect.mapError(
          threadfold.voice.start(threadId, {
            transport: Option.getOrUndefined(options.transport),
            voice: Option.getOrUndefined(options.voice),
            model: Option.getOrUndefined(options.model),
            prompt: Option.getOrUndefined(options.prompt),
          }),
          asProblem,
        ),
        // Its own only: another one may have taken its place.
        ({ realtimeId }) =>
          Effect.suspend(() => (isGone ? Effect.void : Effect.ignore(threadfold.voice.stop(threadId, realtimeId)))),
      )
      if (!options.json)
        yield* note("The conversation is live. A line is a text for the voice; Ctrl-C or Ctrl-D ends it.")
      /** Whether the last line waits for its answer. */
      const waits = yield* SubscriptionRef.make(false)
      let isClosed = false
      const hear = (message: StreamMessage): Effect.Effect<void, OutputClosed> =>
        Effect.gen(function* () {
          if (message.kind !== "event") return
          const { event } = message
          if (isOver(event, started)) isClosed = true
          const line = lineOf(event)
          if (options.json) yield* writeJson(event)
          else if (line !== null) yield* write(`${shown(line)}\n`)
          if (isAnswer(event)) yield* SubscriptionRef.set(waits, false)
        })
      const heard = threadfold.events({ threadId, types, after: sequence, ...followed }).pipe(
        Stream.tapError(() =>
          Effect.sync(() => {
            isGone = true
          }),
        ),
        Stream.mapError(asProblem),
        Stream.tap(hear),
        Stream.takeUntil(() => isClosed),
        Stream.runDrain,
      )
      const said = Effect.gen(function* () {
        yield* Stream.runForEach(
          Stream.filter(Stream.orDie(lines()), (line) => line.trim() !== ""),
          (text) =>
            Effect.zipRight(
              SubscriptionRef.set(waits, true),
              Effect.mapError(threadfold.voice.appendText(threadId, text, started.realtimeId), asProblem),
            ),
        )
        // What the voice is about to answer is still heard.
        yield* Effect.timeoutOption(Stream.runDrain(Stream.takeUntil(waits.changes, (still) => !still)), ANSWER_MS)
      })
      yield* Effect.raceFirst(heard, said)
      yield* asFinding(Effect.void, !isClosed)
    }).pipe(Effect.scoped),
).pipe(Command.withDescription("Talk to a thread's voice in text: lines of the input go in, transcripts come out."))
