/** `threadfold tail`. */
import { Command } from "@effect/cli"
import { Effect, Option, Stream } from "effect"
import { follow } from "../../offline/follow.js"
import { after, dataDir, json } from "../options.js"
import { currentLook, note, writeLines } from "../output.js"
import { eventLine } from "../pages/events.js"
import { placeNamed, readerOf, threadNamed } from "../reading.js"
import { thread } from "./events.js"

/** Events that are shown before what comes, unless a place is given. */
const before = 10

/** Sequence of the last line that went through, for where to go on. */
const sequenceOf = (line: string): number => Number(/^\{"sequence":(\d+)/.exec(line)?.[1] ?? 0)

export const tailCommand = Command.make("tail", { after, thread, dataDir, json }, (options) =>
  Effect.gen(function* () {
    const place = yield* placeNamed({ dataDir: options.dataDir, db: Option.none() })
    const reader = yield* readerOf(place)
    const scope = Option.isSome(options.thread) ? { threadId: yield* threadNamed(reader, options.thread.value) } : {}
    const look = yield* currentLook
    const show = (lines: ReturnType<typeof reader.events>) =>
      writeLines(options.json ? lines : Stream.map(lines, eventLine(look)), { live: true })

    if (place.kind !== "owned" || place.server === null) {
      const known = Option.isSome(options.after)
        ? { after: options.after.value, limit: null }
        : { limit: before, newest: true }
      yield* show(reader.events({ ...scope, ...known }))
      return yield* note("Nobody serves this data directory: that is all there is. `threadfold serve` starts a server.")
    }
    let last = Option.getOrElse(options.after, () => 0)
    if (Option.isNone(options.after)) {
      const recent = reader.events({ ...scope, limit: before, newest: true })
      yield* show(
        Stream.tap(recent, (line) =>
          Effect.sync(() => {
            last = sequenceOf(line)
          }),
        ),
      )
    }
    yield* show(
      follow(place.server, {
        ...scope,
        after: last,
        onReset: (detail) => process.stderr.write(`The server began anew: ${detail}\n`),
      }),
    )
    yield* note("The server has ended.")
  }).pipe(Effect.scoped),
).pipe(Command.withDescription("Print the last events and then what comes, until the server or Ctrl-C ends it."))
