/** What the reading commands have in common: a reader of the right kind, and a thread by whatever names it. */
import { Problem } from "@threadfold/contracts/problem"
import { Effect, Option, type Scope } from "effect"
import { type Place, placeOf, type Server } from "../offline/Place.js"
import { liveCopy, privateCopy } from "../offline/privateCopy.js"
import type { Reader } from "../offline/Reader.js"
import type { RemoteReader } from "../offline/RemoteReader.js"
import { toProblem } from "../problems/toProblem.js"
import { oneMeant, usageProblem } from "./failures.js"
import { type NamedThread, requiredThread } from "./namedThread.js"
import { note } from "./output.js"
import { directoryOf } from "./sharedOptions.js"

/** `--data-dir` and `--db` as they were given. */
export interface Named {
  readonly db: Option.Option<string>
  readonly dataDir: Option.Option<string>
}

/** The place that the options name. */
export const placeNamed = ({ dataDir, db }: Named): Effect.Effect<Place, Problem> =>
  Option.isSome(db) && Option.isSome(dataDir)
    ? usageProblem("--db and --data-dir name two places; give one of them.")
    : Effect.flatMap(directoryOf(dataDir), (directory) => Effect.mapError(placeOf({ db, directory }), toProblem))

/** Loaded on demand: what reads a file itself, which a command that asks a server does without. */
const loadLocalReader = Effect.promise(() => import("../offline/LocalReader.js"))
const loadLooks = Effect.promise(() => import("../offline/lookAt.js"))

/** The file of a place, ready to be read: where it lies, if it is up to date, else a copy. */
export const fileOf = (place: Place): Effect.Effect<string, Problem, Scope.Scope> =>
  Effect.flatMap(loadLooks, ({ lookAt, lookAtCopy }) => {
    switch (place.kind) {
      case "file":
        return lookAtCopy(place.file, privateCopy(place.file))
      case "directory":
        return lookAt(place.file, privateCopy(place.file))
      case "owned":
        return lookAt(place.file, liveCopy(place.file))
    }
  })

/** A reader of a place, for the life of the scope. An owner that serves nothing (an import, a rebuild) is read beside. */
export const readerOf = (place: Place): Effect.Effect<Reader, Problem, Scope.Scope> =>
  place.kind === "owned" && place.server !== null
    ? remoteReader(place.server)
    : Effect.flatMap(loadLocalReader, ({ openLocalReader }) => Effect.flatMap(fileOf(place), openLocalReader))

/** Loaded on demand: the HTTP client is the larger half of the program, and most commands never speak HTTP. */
export const remoteReader = (server: Server): Effect.Effect<RemoteReader> =>
  Effect.flatMap(
    Effect.promise(() => import("../offline/RemoteReader.js")),
    ({ openRemoteReader }) => openRemoteReader(server),
  )

/** A reader of the place that the options name. */
export const openReader = (named: Named): Effect.Effect<Reader, Problem, Scope.Scope> =>
  Effect.flatMap(placeNamed(named), readerOf)

/** A file for long work: the file of a directory without an owner where it is up to date, else a copy of one moment. */
export const fileForWork = (named: Named): Effect.Effect<string, Problem, Scope.Scope> =>
  Effect.flatMap(placeNamed(named), (place) => {
    if (place.kind !== "owned") return fileOf(place)
    const told = note(`Process ${place.owner?.pid ?? "?"} owns ${place.directory}: looking at a copy of this moment.`)
    const copied = Effect.flatMap(loadLooks, ({ lookAtCopy }) => lookAtCopy(place.file, liveCopy(place.file)))
    return Effect.zipRight(told, copied)
  })

/** Where long work over one thread is done. */
export interface WorkPlace {
  readonly file: string
  readonly threadId: string
  /** Reads the same file. */
  readonly reader: Reader
}

/** A file for long work over one thread, and the thread that a text means, looked up in the same file. */
export const threadForWork = (
  named: Named & { readonly thread: NamedThread },
): Effect.Effect<WorkPlace, Problem, Scope.Scope> =>
  Effect.gen(function* () {
    const id = yield* requiredThread(named.thread)
    const file = yield* fileForWork(named)
    const { openLocalReader } = yield* loadLocalReader
    const reader = yield* openLocalReader(file)
    return { file, reader, threadId: yield* threadNamed(reader, id) }
  })

/** The server that owns the place that the options name; null: none does. */
export const ownerNamed = (named: Named): Effect.Effect<RemoteReader | null, Problem> =>
  Effect.flatMap(placeNamed(named), (place) =>
    place.kind === "owned" && place.server !== null ? remoteReader(place.server) : Effect.succeed(null),
  )

/** The one thread that a text means. Fails with `thread-not-found`, or as usage where it may mean several. */
export const threadNamed = (reader: Reader, text: string): Effect.Effect<string, Problem> =>
  Effect.gen(function* () {
    const only = yield* oneMeant(text, text === "" ? [] : yield* reader.matching(text))
    return (
      only ?? (yield* new Problem({ slug: "thread-not-found", detail: `No thread is named ${JSON.stringify(text)}.` }))
    )
  })
