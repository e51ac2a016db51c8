/** `threadfold inbox`. */
import { Command, Options } from "@effect/cli"
import type { Inbox } from "@threadfold/contracts"
import type { Problem } from "@threadfold/contracts/problem"
import { Effect, Stream } from "effect"
import { ask, openServer } from "../live.js"
import { currentLook, note, write, writeJson, writeLines } from "../output.js"
import { inboxPage } from "../pages/inboxPage.js"
import { dataDir, json } from "../sharedOptions.js"

const follow = Options.boolean("follow").pipe(
  Options.withAlias("f"),
  Options.withDescription("Print it again whenever it is another, until the server or Ctrl-C ends it."),
)

export const inboxCommand = Command.make("inbox", { follow, dataDir, json }, (options) =>
  Effect.gen(function* () {
    const { threadfold } = yield* openServer(options.dataDir)
    const look = yield* currentLook
    const shown = (inbox: Inbox): string => (options.json ? JSON.stringify(inbox) : inboxPage(look, inbox).trimEnd())
    if (options.follow) {
      const inboxes: Stream.Stream<string, Problem> = threadfold.inbox({ maxFailures: 1 }).pipe(
        Stream.filter((message) => message.kind === "inbox"),
        Stream.map(({ inbox }) => shown(inbox)),
        Stream.catchTag("Unavailable", () => Stream.empty),
      )
      yield* writeLines(inboxes, { live: true })
      return yield* note("The server has ended.")
    }
    const inbox = yield* ask(threadfold, (api) => api.inbox.get({ urlParams: {} }))
    yield* options.json ? writeJson(inbox) : write(inboxPage(look, inbox))
  }),
).pipe(
  Command.withDescription(
    "Show what needs a person, of all threads: questions, stalled turns, messages that may not have arrived, failed turns and held queues.",
  ),
)
