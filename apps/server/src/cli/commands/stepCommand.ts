/** `threadfold step`. */
import { Command, Options } from "@effect/cli"
import * as Terminal from "@effect/platform/Terminal"
import { Problem } from "@threadfold/contracts/problem"
import { Effect, Option, Stream } from "effect"
import { eventOption, sequenceNamed } from "../eventOption.js"
import { runWatched } from "../longWork.js"
import { namedThread } from "../namedThread.js"
import { currentLook, write, writeLines } from "../output.js"
import { stepScreen, stepText } from "../pages/stepPage.js"
import { threadForWork } from "../reading.js"
import { dataDir, db, json, wholeNumber } from "../sharedOptions.js"
import { press, type StepView } from "../step/press.js"
import { counted } from "../text/words.js"

const from = eventOption("from").pipe(
  Options.withDescription("Begin at this event, or the first one after it: its sequence of the log, or its id."),
  Options.optional,
)
const plain = Options.boolean("plain").pipe(
  Options.withDescription(
    "Print the steps as lines, as it does where no terminal is; with --json a JSON object a line.",
  ),
)
const limit = wholeNumber("limit", 1, 10_000).pipe(
  Options.withDescription("Print at most so many steps."),
  Options.withDefault(100),
)

interface Asked {
  readonly file: string
  readonly threadId: string
  readonly from: number
}

const printSteps = ({ file, threadId, ...options }: Asked & { readonly limit: number; readonly json: boolean }) =>
  Effect.gen(function* () {
    const { more, steps } = yield* runWatched(
      { name: "step", file, options: { threadId, from: options.from, limit: options.limit } },
      ({ events }) => `${counted(events, "event")} folded`,
    )
    if (options.json) {
      const lines = steps.map(({ anomalies, event, rows }) => JSON.stringify({ event, changes: rows, anomalies }))
      return yield* writeLines(Stream.fromIterable(lines))
    }
    const look = yield* currentLook
    const last = steps.at(-1)
    yield* write(steps.map((step) => stepText(look, step)).join("\n"))
    if (more) yield* write(`There are more: --from ${(last?.event.sequence ?? 0) + 1}\n`)
    if (last === undefined) yield* write(`The thread has no event at ${options.from} or after it.\n`)
  })

const clearScreen = "\u001B[H\u001B[2J"

/** Shows a step and waits for a key, until the key ends it. */
const walkThrough = ({ file, from, threadId }: Asked) =>
  Effect.gen(function* () {
    const terminal = yield* Terminal.Terminal
    const keys = yield* terminal.readInput
    const { openTimeline } = yield* Effect.promise(() => import("../../offline/openTimeline.js"))
    const { nativeOf, timeline } = yield* openTimeline(file, threadId, from)
    const first = timeline.after(0, ({ event }) => event.sequence >= from)
    if (first === null) {
      return yield* new Problem({
        slug: "event-not-found",
        detail: `Thread ${threadId} has no event at ${from} or after it.`,
      })
    }
    let view: StepView = { place: first, pane: "changes", typed: null, note: null, isDone: false }
    while (!view.isDone) {
      const step = timeline.at(view.place)
      if (step === null) return
      const native = view.pane === "native" ? nativeOf(step.event.sequence) : null
      const screen = stepScreen(yield* currentLook, step, view, native, yield* terminal.rows)
      yield* write(`${clearScreen}${screen}\n`)
      const key = yield* Effect.option(keys.take)
      // The keys end with Ctrl-C, and where the terminal goes away.
      if (key._tag === "None") return
      view = press(timeline, view, key.value.key)
    }
  })

export const stepCommand = Command.make(
  "step",
  { thread: namedThread(), from, plain, limit, dataDir, db, json },
  ({ json, limit, plain, ...options }) =>
    Effect.gen(function* () {
      const terminal = yield* Terminal.Terminal
      const isTerminal = (yield* terminal.isTTY) && process.stdin.isTTY === true
      const { file, reader, threadId } = yield* threadForWork(options)
      const from = Option.isNone(options.from) ? 1 : yield* sequenceNamed(reader, threadId, options.from.value)
      const place = { file, threadId }
      const isPlain = plain || json || !isTerminal
      yield* isPlain ? printSteps({ ...place, from, limit, json }) : walkThrough({ ...place, from })
    }).pipe(Effect.scoped),
).pipe(
  Command.withDescription(
    "Walk through a thread event by event, with what each changed. Keys: n, p, a, t, j, q and others.",
  ),
)
