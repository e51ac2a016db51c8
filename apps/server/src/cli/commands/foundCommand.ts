/** `threadfold import found`: the session files that agents left on this machine. */
import { Command, Options } from "@effect/cli"
import type { FoundReport, ImportReport } from "@threadfold/contracts"
import type { Problem } from "@threadfold/contracts/problem"
import { Effect, Option } from "effect"
import { type SessionPlace, sessionPlaces } from "../../imports/sessionPlaces.js"
import { currentLook, progressEnd, write, writeJson } from "../output.js"
import { foundPage } from "../pages/foundPage.js"
import { openReader } from "../reading.js"
import { dataDir, directoryOf, json } from "../sharedOptions.js"
import { servedBy, shownOptions } from "./importOptions.js"

const yes = Options.boolean("yes").pipe(Options.withAlias("y"), Options.withDescription("Import all of them."))

const loadFind = Effect.promise(() => import("../../imports/findFiles.js"))
const loadPlaces = Effect.promise(() => import("../../imports/sessionPlaces.js"))
const loadSessions = Effect.promise(() => import("../sessions/runSessions.js"))

/** Native ids of the threads that the log has; none where there is no log yet. */
const knownThreads = (named: Option.Option<string>): Effect.Effect<ReadonlySet<string>, Problem> =>
  Effect.gen(function* () {
    const reader = yield* openReader({ db: Option.none(), dataDir: named })
    const { threads } = yield* reader.threads({ limit: null, mirrors: true })
    return new Set(threads.flatMap(({ nativeThreadId }) => nativeThreadId ?? []))
  }).pipe(
    Effect.scoped,
    Effect.catchIf(
      ({ slug }) => slug === "database-not-found",
      () => Effect.succeed<ReadonlySet<string>>(new Set()),
    ),
  )

const lookInto = ({ folders, source, title }: SessionPlace, known: ReadonlySet<string>) =>
  Effect.gen(function* () {
    const { filesBelow } = yield* loadFind
    const { nativeThreadOf } = yield* loadPlaces
    const content = yield* Effect.forEach(folders, (folder) => filesBelow(folder, source))
    const files = content.flatMap((one) => one.files)
    const isNew = (file: string): boolean => !known.has(nativeThreadOf(source, file) ?? "")
    return {
      source,
      title,
      folders,
      sessions: files.length,
      new: files.filter(({ file }) => isNew(file)).length,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      newestAt: files.reduce<number | null>((newest, { modifiedAt }) => Math.max(newest ?? 0, modifiedAt), null),
    }
  })

export const foundCommand = Command.make("found", { yes, dataDir, json }, (options) =>
  Effect.gen(function* () {
    const directory = yield* directoryOf(options.dataDir)
    const places = yield* sessionPlaces
    const known = yield* knownThreads(options.dataDir)
    const agents = yield* Effect.forEach(places, (place) => lookInto(place, known))
    const takeAll = Effect.gen(function* () {
      const { mergeSessions, namesFolder, runSessions } = yield* loadSessions
      const server = yield* servedBy(directory)
      const reports: ImportReport[] = []
      for (const { folders, source } of places) {
        const paths = yield* Effect.filter(folders, (folder) => namesFolder([folder]))
        if (paths.length === 0) continue
        reports.push(yield* runSessions({ directory, server, source, paths, follow: false }, shownOptions(false)))
      }
      return mergeSessions(reports)
    })
    const imported = options.yes ? yield* Effect.ensuring(takeAll, Effect.sync(progressEnd)) : null
    const report: FoundReport = { agents, imported }
    yield* options.json ? writeJson(report) : write(foundPage(yield* currentLook, report))
  }),
).pipe(Command.withDescription("List the sessions that Codex and Claude left on this machine, or import them all."))
