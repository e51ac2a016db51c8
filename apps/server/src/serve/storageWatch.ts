/** What the server does about its files and its disk while it runs, besides what every write checks. */
import { Problem } from "@threadfold/contracts"
import type { EngineService } from "@threadfold/engine"
import { Effect, Schedule, type Scope } from "effect"

/** How often the lock and the disk are looked at, ms. */
const LOOK_MS = 1_000

/**
 * Fails once the lock of the data directory is not ours any more: another process may own the directory then, so this one
 * must end. Never succeeds.
 */
export const untilLockIsLost = (engine: EngineService): Effect.Effect<never, Problem> =>
  Effect.flatMap(engine.storage, ({ lost }) =>
    lost?.kind === "lock" ? new Problem({ slug: "storage-lost", detail: `${lost.found}.` }) : Effect.void,
  ).pipe(Effect.repeat(Schedule.spaced(LOOK_MS)), Effect.zipRight(Effect.never))

/** Warns, once each time, when the disk becomes low or full and when the files are lost; for the life of the scope. */
export const warnOfStorage = (engine: EngineService): Effect.Effect<void, never, Scope.Scope> => {
  let warned = "ok"
  const look = Effect.flatMap(engine.storage, ({ lost, space }) => {
    const status = lost === null ? (space?.status ?? "ok") : "lost"
    if (status === warned) return Effect.void
    warned = status
    if (lost !== null) return Effect.logError(`${lost.found}: nothing is written any more`)
    const free = `the disk of the data directory has ${space?.freeBytes ?? 0} bytes left`
    if (status === "ok") return Effect.logInfo(free)
    return Effect.logWarning(status === "full" ? `${free}: nothing is written any more` : free)
  })
  return Effect.asVoid(Effect.forkScoped(Effect.repeat(look, Schedule.spaced(LOOK_MS))))
}
