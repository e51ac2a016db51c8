/** `threadfold tail`. */
import { Command } from "@effect/cli"
import type { EventsOptions } from "@threadfold/client"
import type { Problem } from "@threadfold/contracts/problem"
import { Effect, Option, Stream } from "effect"
import { requireEventTypes } from "../../eventTypes.js"
import type { Server } from "../../offline/Place.js"
import { loadClient } from "../live.js"
import { optionalThread } from "../namedThread.js"
import { currentLook, note, writeLines } from "../output.js"
import { eventLine } from "../pages/eventsPage.js"
import { placeNamed, readerOf, threadNamed } from "../reading.js"
import { after, dataDir, json } from "../sharedOptions.js"
import { except, thread } from "./eventsCommand.js"

/** Events that are shown before what comes, unless a place is given. */
const before = 10

/** Sequence of the last line that went through, for where to go on. */
const sequenceOf = (line: string): number => Number(/^\{"sequence":(\d+)/.exec(line)?.[1] ?? 0)

/**
 * What comes, as the JSON of envelopes, until the server ends. One failure is a connection that broke, for example because
 * we were too slow; two in a row are a server that has gone.
 */
const follow = (server: Server, options: EventsOptions): Stream.Stream<string, Problem> =>
  Stream.unwrap(Effect.map(loadClient, ({ events }) => events(server, { ...options, maxFailures: 1 }))).pipe(
    Stream.mapEffect((message) => {
      if (message.kind === "event") return Effect.succeed(JSON.stringify(message.event))
      return message.kind === "reset"
        ? Effect.as(note(`The place is of no use (${message.reason}): going on from ${message.cursor}.`), null)
        : Effect.succeed(null)
    }),
    Stream.filter((line) => line !== null),
    Stream.catchTag("Unavailable", () => Stream.empty),
  )

export const tailCommand = Command.make("tail", { after, thread, except, dataDir, json }, (options) =>
  Effect.gen(function* () {
    yield* requireEventTypes(options.except, "--except")
    const named = yield* optionalThread(options.thread)
    const place = yield* placeNamed({ dataDir: options.dataDir, db: Option.none() })
    const reader = yield* readerOf(place)
    const scope = {
      ...(Option.isSome(named) ? { threadId: yield* threadNamed(reader, named.value) } : {}),
      ...(options.except.length === 0 ? {} : { except: options.except }),
    }
    const look = yield* currentLook
    const show = (lines: ReturnType<typeof reader.events>) =>
      writeLines(options.json ? lines : Stream.map(lines, eventLine(look)), { live: true })

    if (place.kind !== "owned" || place.server === null) {
      const known = Option.isSome(options.after)
        ? { after: options.after.value, limit: null }
        : { limit: before, newest: true }
      yield* show(reader.events({ ...scope, ...known }))
      return yield* note(
        "No server runs for this data directory: these are all events. `threadfold serve` starts a server.",
      )
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
    yield* show(follow(place.server, { ...scope, after: last }))
    yield* note("The server has ended.")
  }).pipe(Effect.scoped),
).pipe(Command.withDescription("Print the last events and then what comes, until the server or Ctrl-C ends it."))
