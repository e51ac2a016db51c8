/** `threadfold search WORD…`: what was said and done, by words. */
import { Args, Command, Options } from "@effect/cli"
import { searchKinds } from "@threadfold/contracts"
import { Effect, Option } from "effect"
import { currentLook, write, writeJson } from "../output.js"
import { searchPage } from "../pages/queryPages.js"
import { openReader, threadNamed } from "../reading.js"
import { dataDir, db, json, limit, oneOf } from "../sharedOptions.js"

/** Hits on a page by default. */
const pageLength = 20

const words = Args.text({ name: "WORD" }).pipe(
  Args.withDescription(
    'Words that must all be there; "some words" side by side, wor* a beginning, a OR b one of them.',
  ),
  Args.atLeast(1),
)

const thread = Options.text("thread").pipe(Options.withDescription("Only in this thread."), Options.optional)

const kind = oneOf("kind", searchKinds).pipe(
  Options.withDescription("Only items of this kind, or messages without an item (turn), titles (thread), requests."),
  Options.optional,
)

export const searchCommand = Command.make("search", { words, thread, kind, limit, dataDir, db, json }, (options) =>
  Effect.gen(function* () {
    const reader = yield* openReader(options)
    const found = yield* reader.search({
      q: options.words.join(" "),
      threadId: Option.isSome(options.thread) ? yield* threadNamed(reader, options.thread.value) : undefined,
      kind: Option.getOrUndefined(options.kind),
      limit: Option.getOrElse(options.limit, () => pageLength),
    })
    yield* options.json ? writeJson(found) : write(searchPage(yield* currentLook, found))
  }).pipe(Effect.scoped),
).pipe(
  Command.withDescription(
    "Find words in what was said and done, newest first. Without a server the words are indexed first, in a directory that is removed again.",
  ),
)
