/** Commands that show a thread as it was: `threadfold at` and `threadfold diff`. */
import { Command, Options } from "@effect/cli"
import { Effect, Option, Schema } from "effect"
import type { JobProgress } from "../../offline/jobs/Job.js"
import type { Moment } from "../../offline/moments.js"
import { usageProblem } from "../failures.js"
import { currentLook, write, writeJson } from "../output.js"
import { diffPage } from "../pages/diffPage.js"
import { threadPage } from "../pages/threadPage.js"
import { ownerNamed, threadForWork, threadNamed } from "../reading.js"
import { runWatched } from "../runWatched.js"
import { dataDir, db, json, saying, threadArg, wholeNumber } from "../sharedOptions.js"
import { counted } from "../text/words.js"

const sequence = wholeNumber("sequence", 1).pipe(
  Options.withDescription("After the event of this sequence of the log."),
  Options.optional,
)
const event = Options.text("event").pipe(Options.withDescription("After the event of this id."), Options.optional)
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
    ...Option.toArray(Option.map(named.event, (eventId): Moment => ({ kind: "event", eventId }))),
    ...Option.toArray(Option.map(named.time, (at): Moment => ({ kind: "time", at: at.getTime() }))),
    ...Option.toArray(Option.map(named.turn, (turnId): Moment => ({ kind: "turn", turnId }))),
  ]
  const [moment, ...others] = moments
  return moment === undefined || others.length > 0
    ? usageProblem("Name one moment: --sequence N, --event ID, --time ISO or --turn ID.")
    : Effect.succeed(moment)
}

const folded = ({ events }: JobProgress): string => `${counted(events, "event")} folded`

type Asked = Parameters<typeof threadForWork>[0]

/** The thread at a moment: from the server that owns it, which has checkpoints, else folded from its first event. */
const atMoment = (asked: Asked, moment: Moment) =>
  Effect.gen(function* () {
    const owner = yield* ownerNamed(asked)
    if (owner !== null) return yield* owner.at(yield* threadNamed(owner, asked.id), moment)
    const { file, threadId } = yield* threadForWork(asked)
    return yield* runWatched({ name: "at", file, options: { threadId, moment } }, folded)
  })

/** What changed: from the server, but for a thread that is too long for its answer. */
const between = (asked: Asked, from: number, to: number) =>
  Effect.gen(function* () {
    const owner = yield* ownerNamed(asked)
    const answered =
      owner === null
        ? null
        : yield* Effect.flatMap(threadNamed(owner, asked.id), (threadId) => owner.diff(threadId, from, to)).pipe(
            Effect.catchIf(
              ({ slug }) => slug === "diff-too-large",
              () => Effect.succeed(null),
            ),
          )
    if (answered !== null) return answered
    const { file, threadId } = yield* threadForWork(asked)
    const moment = (sequence: number): Moment => ({ kind: "sequence", sequence })
    return yield* runWatched({ name: "diff", file, options: { threadId, from: moment(from), to: moment(to) } }, folded)
  })

export const atCommand = Command.make(
  "at",
  { id: threadArg, sequence, event, time, turn, dataDir, db, json },
  (options) =>
    Effect.gen(function* () {
      const moment = yield* momentNamed(options)
      const snapshot = yield* atMoment(options, moment)
      yield* options.json ? writeJson(snapshot) : write(threadPage(yield* currentLook, snapshot))
    }).pipe(Effect.scoped),
).pipe(Command.withDescription("Show a thread as it was: after an event, at a time, or when a turn had ended."))

const from = wholeNumber("from", 1).pipe(Options.withDescription("The sequence of the log before the changes."))
const to = wholeNumber("to", 1).pipe(Options.withDescription("The sequence of the log after them."))

export const diffCommand = Command.make("diff", { id: threadArg, from, to, dataDir, db, json }, (options) =>
  Effect.gen(function* () {
    const report = yield* between(options, options.from, options.to)
    yield* options.json ? writeJson(report) : write(diffPage(yield* currentLook, report))
  }).pipe(Effect.scoped),
).pipe(Command.withDescription("Show what changed of a thread between two events; as JSON with a JSON Patch."))
