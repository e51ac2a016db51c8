/** `threadfold events`. */
import { Command, Options } from "@effect/cli"
import { Chunk, Effect, Option, Stream } from "effect"
import { requireEventTypes } from "../../eventTypes.js"
import { namedThread, optionalThread } from "../namedThread.js"
import { currentLook, note, writeLines } from "../output.js"
import { eventHeader, eventLine } from "../pages/eventsPage.js"
import { openReader, threadNamed } from "../reading.js"
import { after, dataDir, db, json, limit } from "../sharedOptions.js"

/** Events on a page by default. */
const pageLength = 50

/** The thread whose events are shown; all of them where none is named. */
export const thread = namedThread("Only events of this thread")

const types = Options.text("type").pipe(
  Options.withDescription("Only events of this type; may be given several times."),
  Options.repeated,
  // Only so that help shows it in brackets: none is as good as some.
  Options.withDefault([]),
)

/** Event types that are left out. */
export const except = Options.text("except").pipe(
  Options.withDescription("Without events of this type; may be given several times."),
  Options.repeated,
  Options.withDefault([]),
)

const native = Options.boolean("native").pipe(
  Options.withDescription("Also the provider's own message of each event (JSON field nativeBody)."),
)

export const eventsCommand = Command.make(
  "events",
  { thread, types, except, after, limit, native, dataDir, db, json },
  (options) =>
    Effect.gen(function* () {
      yield* requireEventTypes(options.types, "--type")
      yield* requireEventTypes(options.except, "--except")
      const named = yield* optionalThread(options.thread)
      const reader = yield* openReader(options)
      const place = {
        ...(Option.isSome(named) ? { threadId: yield* threadNamed(reader, named.value) } : {}),
        ...(options.types.length === 0 ? {} : { types: options.types }),
        ...(options.except.length === 0 ? {} : { except: options.except }),
        ...(Option.isSome(options.after) ? { after: options.after.value } : {}),
        native: options.native,
      }
      // A page without any bound shows the end of the log, as people expect; tools get everything from the start.
      const newest = !options.json && Option.isNone(options.after) && Option.isNone(options.limit)
      const lines = reader.events({
        ...place,
        // One more than a page shows whether there are more.
        limit: newest ? pageLength + 1 : Option.getOrNull(options.limit),
        newest,
      })
      if (options.json) return yield* writeLines(lines)
      const look = yield* currentLook
      const page = (shown: typeof lines) =>
        writeLines(Stream.concat(Stream.make(eventHeader(look)), Stream.map(shown, eventLine(look))))
      if (!newest) return yield* page(lines)
      const found = Chunk.toReadonlyArray(yield* Stream.runCollect(lines))
      yield* page(Stream.fromIterable(found.slice(-pageLength)))
      if (found.length > pageLength) yield* note(`The newest ${pageLength}; more with --limit or --after.`)
    }).pipe(Effect.scoped),
).pipe(Command.withDescription("Print events, oldest first: the newest 50 on a page, all as JSON lines."))
