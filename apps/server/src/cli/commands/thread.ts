/** `threadfold thread ID`. */
import { Command } from "@effect/cli"
import { Effect } from "effect"
import { dataDir, db, json, threadArg } from "../options.js"
import { currentLook, write, writeJson } from "../output.js"
import { threadPage } from "../pages/thread.js"
import { openReader, threadNamed } from "../reading.js"

export const threadCommand = Command.make("thread", { id: threadArg, dataDir, db, json }, (options) =>
  Effect.gen(function* () {
    const reader = yield* openReader(options)
    const snapshot = yield* reader.thread(yield* threadNamed(reader, options.id))
    yield* options.json ? writeJson(snapshot) : write(threadPage(yield* currentLook, snapshot))
  }).pipe(Effect.scoped),
).pipe(Command.withDescription("Show one thread: its turns and what happened in them."))
