/** `threadfold threads`. */
import { Command, Options } from "@effect/cli"
import { ThreadStatus } from "@threadfold/contracts"
import { Effect, Option } from "effect"
import { dataDir, db, json, limit, oneOf } from "../options.js"
import { currentLook, write, writeJson } from "../output.js"
import { threadsPage } from "../pages/threads.js"
import { openReader } from "../reading.js"

/** Threads on a page unless told. */
const pageLength = 50

const status = oneOf("status", ThreadStatus.literals).pipe(
  Options.withDescription("Only threads of this status."),
  Options.optional,
)

const deleted = Options.boolean("deleted").pipe(
  Options.withDescription("The deleted threads only, which `threadfold restore` brings back."),
)

export const threadsCommand = Command.make("threads", { dataDir, db, deleted, json, limit, status }, (options) =>
  Effect.gen(function* () {
    const reader = yield* openReader(options)
    const list = yield* reader.threads({
      limit: Option.getOrElse(options.limit, () => (options.json ? null : pageLength)),
      deleted: options.deleted,
      ...(Option.isSome(options.status) ? { status: options.status.value } : {}),
    })
    yield* options.json ? writeJson(list) : write(threadsPage(yield* currentLook, list))
  }).pipe(Effect.scoped),
).pipe(Command.withDescription("List threads, newest first: the newest 50 on a page, all as JSON."))
