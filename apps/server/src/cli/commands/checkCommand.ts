/** `threadfold check`. */
import { Command, Options } from "@effect/cli"
import { Problem } from "@threadfold/contracts/problem"
import { Effect, Option } from "effect"
import { runWatched, tell } from "../longWork.js"
import { namedThread, optionalThread } from "../namedThread.js"
import { currentLook, write, writeJson } from "../output.js"
import { checkPage, invariantsPage } from "../pages/checkPage.js"
import { fileForWork, threadForWork } from "../reading.js"
import { dataDir, db, json } from "../sharedOptions.js"
import { counted } from "../text/words.js"

const thread = namedThread("Only this thread")
const invariant = Options.text("invariant").pipe(
  Options.withPseudoName("ID"),
  Options.withDescription("Only this invariant; may be given several times."),
  Options.repeated,
  // Only so that help shows it in brackets: none is as good as some.
  Options.withDefault([]),
)
const list = Options.boolean("list").pipe(
  Options.withDescription("Print the invariants instead: what each says, and what it is about."),
)

const printList = (asJson: boolean) =>
  Effect.gen(function* () {
    const { invariants } = yield* Effect.promise(() => import("@threadfold/core"))
    const items = invariants.map(({ id, kind, severity, text }) => ({ id, text, kind, severity }))
    yield* asJson ? writeJson({ items }) : write(invariantsPage(yield* currentLook, items))
  })

/** Refuses ids that no invariant has, before a database is looked at. */
const requireKnown = (ids: readonly string[]): Effect.Effect<void, Problem> =>
  ids.length === 0
    ? Effect.void
    : Effect.tryPromise({
        try: async () => (await import("../../offline/check.js")).requireInvariants(ids),
        catch: (error) => (error instanceof Problem ? error : new Problem({ slug: "internal", detail: String(error) })),
      })

export const checkCommand = Command.make(
  "check",
  { thread, invariant, list, dataDir, db, json },
  ({ invariant: invariants, list, ...options }) =>
    Effect.gen(function* () {
      yield* requireKnown(invariants)
      if (list) return yield* printList(options.json)
      const { file, streamId } = yield* Option.match(yield* optionalThread(options.thread), {
        onNone: () => Effect.map(fileForWork(options), (file) => ({ file, streamId: null })),
        onSome: () => Effect.map(threadForWork(options), ({ file, threadId }) => ({ file, streamId: threadId })),
      })
      const report = yield* runWatched(
        { name: "check", file, options: { invariants, streamId } },
        ({ events }) => `${counted(events, "event")} checked`,
      )
      yield* tell(report, checkPage, options.json)
    }).pipe(Effect.scoped),
).pipe(
  Command.withDescription(
    "Check the invariants of log and rows, of a thread or of all; a violation names the event. Exit 1 at a finding.",
  ),
)
