/** Commands that ask something of a running server speak to it over HTTP, and print the receipt. */
import type { Client, Failure, Threadfold } from "@threadfold/client"
import type { Receipt, TurnDetail } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
import { Effect, Option } from "effect"
import { placeOf, type Server } from "../offline/Place.js"
import { toProblem } from "../problems/toProblem.js"
import type { OutputClosed } from "./failures.js"
import { type NamedThread, requiredThread } from "./namedThread.js"
import { write, writeJson } from "./output.js"
import { remoteReader, threadNamed } from "./reading.js"
import { directoryOf } from "./sharedOptions.js"
import { type Look, oneLine } from "./text/Look.js"
import { span } from "./text/words.js"

const notRunning = (detail: string) => new Problem({ slug: "server-not-running", detail })

/** The server of a data directory. Fails with `server-not-running`. */
export const serverOf = (dataDir: Option.Option<string>): Effect.Effect<Server, Problem> =>
  Effect.flatMap(directoryOf(dataDir), serverIn)

const serverIn = (directory: string): Effect.Effect<Server, Problem> =>
  placeOf({ db: Option.none(), directory }).pipe(
    Effect.mapError((error) =>
      error._tag === "NoDatabaseIn"
        ? notRunning(`No server runs for ${directory}, which holds nothing yet.`)
        : toProblem(error),
    ),
    Effect.flatMap((place): Effect.Effect<Server, Problem> => {
      if (place.kind !== "owned") return notRunning(`No server runs for ${directory}.`)
      return place.server === null
        ? notRunning(`Process ${place.owner?.pid ?? "?"} owns ${directory} and serves nothing.`)
        : Effect.succeed(place.server)
    }),
  )

/** A failure of the client as a problem, which a command line ends with. */
export const asProblem = (failure: Failure): Problem =>
  failure._tag === "Problem"
    ? failure
    : (failure.problem ?? new Problem({ slug: "unavailable", detail: failure.detail }))

/** The server's answer to one call of the API. */
export const ask = <A>(
  { call }: Pick<Threadfold, "call">,
  make: (api: Client) => Effect.Effect<A, unknown>,
): Effect.Effect<A, Problem> => Effect.mapError(call(make), asProblem)

/** For how long a server that does not answer is tried again, ms. */
const patienceMs = 10_000

/** Loaded on demand, as in `reading.ts`: most commands never speak HTTP. */
export const loadClient = Effect.promise(() => import("@threadfold/client"))

/** The server of a data directory, ready to be called. */
export const openServer = (
  dataDir: Option.Option<string>,
): Effect.Effect<{ readonly server: Server; readonly threadfold: Threadfold }, Problem> =>
  Effect.gen(function* () {
    const server = yield* serverOf(dataDir)
    const { makeThreadfold } = yield* loadClient
    return { server, threadfold: yield* makeThreadfold(server, { patienceMs }) }
  })

/** The thread that is named, on the server of a data directory. A name that is missing is said before a server is looked for. */
export const openThread = (named: {
  readonly dataDir: Option.Option<string>
  readonly thread: NamedThread
}): Effect.Effect<{ readonly threadfold: Threadfold; readonly threadId: string }, Problem> =>
  Effect.gen(function* () {
    const id = yield* requiredThread(named.thread)
    const { server, threadfold } = yield* openServer(named.dataDir)
    return { threadfold, threadId: yield* threadNamed(yield* remoteReader(server), id) }
  })

/** The ids of a receipt, one a line. */
export const receiptLines = ({ messageId, threadId, turnId }: Receipt): string =>
  [
    `thread   ${threadId}`,
    ...(turnId === null ? [] : [`turn     ${turnId}`]),
    ...(messageId === null ? [] : [`message  ${messageId}${turnId === null ? " (queued)" : ""}`]),
    "",
  ].join("\n")

/** Prints a receipt. */
export const writeReceipt = (receipt: Receipt, asJson: boolean): Effect.Effect<void, OutputClosed> =>
  asJson ? writeJson(receipt) : write(receiptLines(receipt))

const errorOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "message" in error ? `: ${oneLine(String(error.message))}` : ""

/** How a turn ended; null: its message was cancelled. */
export const outcomeLine = (look: Look, turn: TurnDetail | null): string => {
  if (turn === null) return look.bad("cancelled before it had a turn")
  const took = span(turn.startedAt, turn.endedAt)
  const word = turn.outcome ?? turn.status
  const why = turn.outcome === "completed" ? "" : turn.error === null ? ` (${turn.cause ?? "?"})` : errorOf(turn.error)
  return `${turn.outcome === "completed" ? look.good(word) : look.bad(word)}${why}${took === null ? "" : ` · ${took}`}`
}
