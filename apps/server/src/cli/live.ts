/** Commands that want something of a running server speak to it over HTTP. */
import type { Failure, Threadfold } from "@threadfold/client"
import { Problem } from "@threadfold/contracts/problem"
import { Effect, Option } from "effect"
import { placeOf, type Server } from "../offline/Place.js"
import { toProblem } from "../problems/toProblem.js"
import { directoryOf } from "./options.js"

const notRunning = (detail: string) => new Problem({ slug: "server-not-running", detail })

/** The server of a data directory. Fails with `server-not-running`. */
export const serverOf = (dataDir: Option.Option<string>): Effect.Effect<Server, Problem> =>
  Effect.flatMap(directoryOf(dataDir), serverIn)

const serverIn = (directory: string): Effect.Effect<Server, Problem> =>
  placeOf({ db: Option.none(), directory }).pipe(
    Effect.mapError((error) =>
      error._tag === "NoDatabaseIn" ? notRunning(`${directory} holds nothing yet.`) : toProblem(error),
    ),
    Effect.flatMap((place): Effect.Effect<Server, Problem> => {
      if (place.kind !== "owned") return notRunning(`Nobody serves ${directory}.`)
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
