/** `threadfold page`: a new link to the web page of a running server, and the browsers that may open it without one. */
import { Command, Options } from "@effect/cli"
import type { PageKeyList } from "@threadfold/contracts/api"
import type { Problem } from "@threadfold/contracts/problem"
import { Effect, Option } from "effect"
import { pageLink } from "../../http/security/Hosts.js"
import { oneMeant, usageProblem } from "../failures.js"
import { ask, openServer } from "../live.js"
import { currentLook, note, write, writeJson } from "../output.js"
import { dataDir, json } from "../sharedOptions.js"
import { type Look, oneLine } from "../text/Look.js"
import { type Column, table } from "../text/table.js"
import { ago, idLength } from "../text/words.js"

const keys = Options.boolean("keys").pipe(
  Options.withDescription("List the keys of the browsers that may open the page without a link."),
)

const revoke = Options.text("revoke").pipe(
  Options.withPseudoName("KEY"),
  Options.withDescription("Revoke a key by its id, or the beginning of it: its pages are out at once."),
  Options.optional,
)

type Key = (typeof PageKeyList.Type)["items"][number]

/** The keys, one line each. */
const keysPage = (look: Look, items: readonly Key[]): string => {
  if (items.length === 0) return "No browser has opened a link. `threadfold page` prints one.\n"
  const length = idLength(items.map(({ keyId }) => keyId))
  const columns: readonly Column<Key>[] = [
    { title: "KEY", text: ({ keyId }) => keyId.slice(0, length), paint: look.bold },
    { title: "USED", text: ({ lastUsedAt }) => ago(lastUsedAt, look.now), align: "right" },
    { title: "SINCE", text: ({ createdAt }) => ago(createdAt, look.now), align: "right" },
    { title: "BROWSER", text: ({ label }) => oneLine(label) },
  ]
  return `${table(look, columns, items)}\n\n${look.dim("`threadfold page --revoke KEY` ends one.")}\n`
}

/** The id that a name stands for; the server says of a name that is none that there is no such key. */
const keyNamed = (items: readonly Key[], name: string): Effect.Effect<string, Problem> => {
  const ids = items.map(({ keyId }) => keyId).filter((id) => name !== "" && id.startsWith(name))
  return Effect.map(oneMeant(name, ids), (only) => only ?? name)
}

export const pageCommand = Command.make("page", { keys, revoke, dataDir, json }, (options) =>
  Effect.gen(function* () {
    if (options.keys && Option.isSome(options.revoke)) return yield* usageProblem("Give one of --keys and --revoke.")
    const { server, threadfold } = yield* openServer(options.dataDir)
    const list = ask(threadfold, (api) => api.page.keys())
    if (options.keys) {
      const found = yield* list
      return yield* options.json ? writeJson(found) : write(keysPage(yield* currentLook, found.items))
    }
    if (Option.isSome(options.revoke)) {
      const keyId = yield* keyNamed((yield* list).items, options.revoke.value)
      yield* ask(threadfold, (api) => api.page.revoke({ path: { keyId } }))
      return yield* options.json ? writeJson({ revoked: keyId }) : write(`Revoked ${keyId}.\n`)
    }
    const { code, expiresAt } = yield* ask(threadfold, (api) => api.page.code())
    const link = pageLink(server.url, code)
    if (options.json) return yield* writeJson({ link, expiresAt })
    yield* write(`${link}\n`)
    return yield* note("Open it within a minute: it works once.")
  }),
).pipe(
  Command.withDescription(
    "Print a new link to the web page of a running server: it lets one browser in, once, for a minute. Or list the keys of browsers, or revoke one.",
  ),
)
