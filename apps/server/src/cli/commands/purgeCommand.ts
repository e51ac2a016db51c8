/** `threadfold purge THREAD`. */
import { Command, Options } from "@effect/cli"
import type { Failure, Threadfold } from "@threadfold/client"
import type { PurgeView } from "@threadfold/contracts/api"
import { Effect } from "effect"
import { asProblem, openThread } from "../live.js"
import { watchServer } from "../longWork.js"
import { namedThread } from "../namedThread.js"
import { currentLook, note, write, writeJson } from "../output.js"
import { purgePage } from "../pages/purgePage.js"
import { dataDir, json } from "../sharedOptions.js"
import { counted } from "../text/words.js"

const dryRun = Options.boolean("dry-run").pipe(
  Options.withDescription("Remove nothing: say what would go, with its bytes."),
)

/** A purge that has not gone on for so long, ms, is waited for no longer. */
const patienceMs = 15_000

const countOf = ({ removed }: PurgeView): number => Object.values(removed).reduce((sum, { count }) => sum + count, 0)

/** Waits until nothing of the content is left, and says how far it is; gives up where it does not go on. */
const finished = (threadfold: Threadfold, threadId: string): Effect.Effect<PurgeView, Failure> =>
  watchServer(
    threadfold.purgeOf(threadId),
    (view) => (view.status === "running" ? countOf(view) : null),
    (count) => `${counted(count, "thing")} removed`,
    patienceMs,
  )

export const purgeCommand = Command.make("purge", { thread: namedThread(), dryRun, dataDir, json }, (options) =>
  Effect.gen(function* () {
    const { threadId, threadfold } = yield* openThread(options)
    const purged = options.dryRun
      ? threadfold.purgeOf(threadId)
      : Effect.zipRight(threadfold.purgeThread(threadId), finished(threadfold, threadId))
    const view = yield* Effect.mapError(purged, asProblem)
    if (!options.dryRun && view.status === "running") yield* note("The server goes on with it.")
    yield* options.json ? writeJson(view) : Effect.flatMap(currentLook, (look) => write(purgePage(look, view)))
  }),
).pipe(
  Command.withDescription(
    "Remove the content of a thread for good, and leave a tombstone with a hash of what it was. Stop its session first. Bundles and " +
      "backups from before are not reached.",
  ),
)
