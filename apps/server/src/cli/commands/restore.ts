/** `threadfold restore THREAD`. */
import { Command } from "@effect/cli"
import { Effect } from "effect"
import { asProblem, openServer } from "../live.js"
import { dataDir, json, threadArg } from "../options.js"
import { write, writeJson } from "../output.js"
import { receiptLines } from "../pages/receipt.js"
import { remoteReader, threadNamed } from "../reading.js"

export const restoreCommand = Command.make("restore", { id: threadArg, dataDir, json }, (options) =>
  Effect.gen(function* () {
    const { server, threadfold } = yield* openServer(options.dataDir)
    const threadId = yield* threadNamed(yield* remoteReader(server), options.id)
    const receipt = yield* Effect.mapError(threadfold.restoreThread(threadId), asProblem)
    yield* options.json ? writeJson(receipt) : write(receiptLines(receipt))
  }),
).pipe(Command.withDescription("Bring a deleted thread back as it was."))
