/** Commands that show a thread as it was: `threadfold at` and `threadfold diff`. */
import { Command, Options } from "@effect/cli"
import { Effect, Option, Schema } from "effect"
import type { JobProgress } from "../../offline/jobs/Job.js"
import type { Moment } from "../../offline/moments.js"
import type { RemoteReader } from "../../offline/RemoteReader.js"
import { eventOption, sequenceNamed } from "../eventOption.js"
import { usageProblem } from "../failures.js"
import { runWatched } from "../longWork.js"
import { namedThread, requiredThread } from "../namedThread.js"
import { currentLook, write, writeJson } from "../output.js"
import { diffPage } from "../pages/diffPage.js"
import { threadPage } from "../pages/threadPage.js"
import { ownerNamed, threadForWork, threadNamed } from "../reading.js"
import { dataDir, db, json, saying, wholeNumber } from "../sharedOptions.js"
import { counted } from "../text/words.js"

const sequence = wholeNumber("sequence", 1).pipe(
  Options.withDescription("After the event of this sequence of the log."),
  Options.optional,
)
const event = eventOption("event").pipe(
  Options.withDescription("After this event: its id, or its sequence of the log."),
  Options.optional,
)
const time = Options.text("time").pipe(
  Options.withPseudoName("ISO"),
  Options.withSchema(
    Schema.Date.pipe(Schema.validDate()).annotations({
      message: saying("--time takes a time such as 2026-11-29T16:00:00Z"),
    }),
  ),
  Options.withDescription("After the last event that its source dates no later than this."),
  Options.optional,
)
const turn = Options.text("turn").pipe(Options.withDescription("After the end of this turn."), Options.optional)

/** The one moment of these that was named. */
const momentNamed = (named: {
  readonly sequence: Option.Option<number>
  readonly event: Option.Option<string>
  readonly time: Option.Option<Date>
  readonly turn: Option.Option<string>
}) => {
  const moments: readonly Moment[] = [
    ...Option.toArray(Option.map(named.sequence, (sequence): Moment => ({ kind: "sequence", sequence }))),
    ...Option.toArray(Option.map(named.event, (event): Moment => ({ kind: "event", event }))),
    ...Option.toArray(Option.map(named.time, (at): Moment => ({ kind: "time", at: at.getTime() }))),
    ...Option.toArray(Option.map(named.turn, (turnId): Moment => ({ kind: "turn", turnId }))),
  ]
  const [moment, ...others] = moments
  return moment === undefined || others.length > 0
    ? usageProblem("Name one moment: --sequence N, --event EVENT, --time ISO or --turn ID.")
    : Effect.succeed(moment)
}

const folded = ({ events }: JobProgress): string => `${counted(events, "event")} folded`

type Asked = Parameters<typeof threadForWork>[0]

/** The thread at a moment: from the server that owns it, which has checkpoints, else folded from its first event. */
const atMoment = (asked: Asked, moment: Moment) =>
  Effect.gen(function* () {
    const owner = yield* ownerNamed(asked)
    if (owner !== null) {
      return yield* owner.at(yield* threadNamed(owner, yield* requiredThread(asked.thread)), moment)
    }
    const { file, threadId } = yield* threadForWork(asked)
    return yield* runWatched({ name: "at", file, options: { threadId, moment } }, folded)
  })

/** What changed: from the server, but for a thread that is too long for its answer. */
const between = (asked: Asked, from: string, to: string) =>
  Effect.gen(function* () {
    const owner = yield* ownerNamed(asked)
    const through = (server: RemoteReader) =>
      Effect.gen(function* () {
        const threadId = yield* threadNamed(server, yield* requiredThread(asked.thread))
        const sequence = (event: string) => sequenceNamed(server, threadId, event)
        return yield* server.diff(threadId, yield* sequence(from), yield* sequence(to))
      }).pipe(
        Effect.catchIf(
          ({ slug }) => slug === "diff-too-large",
          () => Effect.succeed(null),
        ),
      )
    const answered = owner === null ? null : yield* through(owner)
    if (answered !== null) return answered
    const { file, reader, threadId } = yield* threadForWork(asked)
    const moment = (event: string) =>
      Effect.map(sequenceNamed(reader, threadId, event), (sequence): Moment => ({ kind: "sequence", sequence }))
    const options = { threadId, from: yield* moment(from), to: yield* moment(to) }
    return yield* runWatched({ name: "diff", file, options }, folded)
  })

export const atCommand = Command.make(
  "at",
  { thread: namedThread(), sequence, event, time, turn, dataDir, db, json },
  (options) =>
    Effect.gen(function* () {
      const moment = yield* momentNamed(options)
      const snapshot = yield* atMoment(options, moment)
      yield* options.json ? writeJson(snapshot) : write(threadPage(yield* currentLook, snapshot))
    }).pipe(Effect.scoped),
).pipe(Command.withDescription("Show a thread as it was: after an event, at a time, or when a turn had ended."))

const from = eventOption("from").pipe(
  Options.withDescription("The event before the changes: its sequence of the log, or its id."),
)
const to = eventOption("to").pipe(Options.withDescription("The event after them."))

export const diffCommand = Command.make("diff", { thread: namedThread(), from, to, dataDir, db, json }, (options) =>
  Effect.gen(function* () {
    const report = yield* between(options, options.from, options.to)
    yield* options.json ? writeJson(report) : write(diffPage(yield* currentLook, report))
  }).pipe(Effect.scoped),
).pipe(Command.withDescription("Show what changed of a thread between two events; as JSON with a JSON Patch."))
