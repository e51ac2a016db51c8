/** `threadfold stop THREAD`. */
import { Command, Options } from "@effect/cli"
import { Effect } from "effect"
import { asProblem, openServer } from "../live.js"
import { dataDir, json, threadArg } from "../options.js"
import { write, writeJson } from "../output.js"
import { receiptLines } from "../pages/receipt.js"
import { remoteReader, threadNamed } from "../reading.js"

const turn = Options.boolean("turn").pipe(
  Options.withDescription("Interrupt the turn only; the agent stays and can be sent the next message."),
)

export const stopCommand = Command.make("stop", { id: threadArg, turn, dataDir, json }, (options) =>
  Effect.gen(function* () {
    const { server, threadfold } = yield* openServer(options.dataDir)
    const threadId = yield* threadNamed(yield* remoteReader(server), options.id)
    const reason = { reason: "stopped on the command line" }
    const receipt = yield* Effect.mapError(
      options.turn ? threadfold.interruptThread(threadId, reason) : threadfold.stopSession(threadId, reason),
      asProblem,
    )
    yield* options.json ? writeJson(receipt) : write(receiptLines(receipt))
  }),
).pipe(
  Command.withDescription("Stop the agent of a thread and cancel what has not started, or only interrupt its turn."),
)
