/** The log that the contract suite tests: its writer and its reader. */
import type { EventType } from "@threadfold/contracts"
import type { LogDriver, LogReader } from "@threadfold/event-log"
import { putNewDatabase, sessionOf, streamOf } from "@threadfold/event-log/fixtures"
import { Context, Effect, Layer } from "effect"
import { Engine } from "../Engine.js"
import { type EventDraft, type Outcome, type Submission, streamsOf } from "../Submission.js"
import { databaseGroups, type Writer } from "../writer/index.js"

/** An empty log, with the writer that appends to it. */
export class LogUnderTest extends Context.Tag("@threadfold/engine/LogUnderTest")<
  LogUnderTest,
  {
    readonly writer: Writer
    readonly driver: LogDriver
    /** Its reader. Every commit is published to it. */
    readonly log: LogReader
  }
>() {}

/** The engine in this thread; a file that is not there is made as `putNewDatabase` makes it. */
export const engineOn = (
  options: Parameters<typeof Engine.layerInProcess>[0],
): ReturnType<typeof Engine.layerInProcess> =>
  Layer.suspend(() => {
    putNewDatabase(options.file, databaseGroups)
    return Engine.layerInProcess(options)
  })

/** Registers a test that gets a log of its own. */
export type LogTest = (title: string, body: Effect.Effect<void, unknown, LogUnderTest>) => void

/** The reader. */
export const theLog = Effect.map(LogUnderTest, ({ log }) => log)

/** Appends submissions as one batch and publishes it, as the engine does. */
export const appendAll = (...batch: readonly Submission[]): Effect.Effect<readonly Outcome[], never, LogUnderTest> =>
  Effect.map(LogUnderTest, ({ log, writer }) => {
    const outcomes = writer.process(batch)
    log.publish(writer.head, streamsOf(outcomes))
    return outcomes
  })

/** Appends drafts as one submission; returns the outcome of each. Dies where the submission is refused. */
export const append = (...drafts: readonly EventDraft[]) =>
  Effect.flatMap(appendAll({ drafts }), ([outcome]) =>
    outcome?.ok === true ? Effect.succeed(outcome.results) : Effect.dieMessage(JSON.stringify(outcome)),
  )

/** Event `n` of a log: number `n` of a channel of its stream, so that no two are alike. */
export const eventOf = (
  n: number,
  { stream = 1, ...over }: Partial<EventDraft["event"]> & { readonly stream?: number } = {},
): EventDraft => ({
  to: { streamId: streamOf(stream) },
  sessionId: null,
  actor: "provider",
  event: {
    type: "runtime.warning" satisfies EventType,
    payload: { message: `warning ${n}` },
    channel: "agent",
    seq: n,
    at: 1_700_000_000_000 + n,
    ...over,
  },
})

/** The n-th event as number `seq` of a session's agent channel. */
export const numberedEvent = (n: number, seq: number, over: Partial<EventDraft["event"]> = {}): EventDraft => ({
  ...eventOf(n, { seq, ...over }),
  sessionId: sessionOf(1),
})
