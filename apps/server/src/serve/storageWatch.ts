/** Watches the lock and the free space of the data directory while the server runs. Each write checks its files itself. */
import { mintId } from "@threadfold/core"
import { type EngineService, type EngineStopped, type SubmitError, sha256 } from "@threadfold/engine"
import { type DiskSpace, StorageLost } from "@threadfold/event-log"
import { Clock, Effect, Schedule, type Scope } from "effect"

/** How often the lock and the disk are looked at, ms. */
const LOOK_MS = 1_000
/** A warning that things are better comes no sooner than this after the last one, ms: free space may go up and down around a limit. */
const CALM_MS = 60_000

/** Where the log keeps the state of its warnings: `<stream> <number of the last one> <what it said>`. */
const warningsKey = "storage.warnings"
/** Channel of the warnings. */
const channel = "adapter:threadfold"

/**
 * Fails once the lock of the data directory is not ours any more: another process may own the directory then, so this one
 * must end. Never succeeds.
 */
export const untilLockIsLost = (engine: EngineService): Effect.Effect<never, StorageLost> =>
  Effect.flatMap(engine.storage, ({ lost }) =>
    lost?.kind === "lock" ? new StorageLost({ ...lost, committed: false }) : Effect.void,
  ).pipe(Effect.repeat(Schedule.spaced(LOOK_MS)), Effect.zipRight(Effect.never))

const severity = { ok: 0, low: 1, full: 2 } as const

/** The sentence of a warning. */
const messageOf = ({ freeBytes, minFreeBytes, status }: DiskSpace): string => {
  const free = `The disk of the data directory has ${freeBytes} bytes left`
  if (status === "ok") return `${free} again.`
  return status === "full"
    ? `${free}: nothing is written any more.`
    : `${free}; below ${minFreeBytes} nothing is written.`
}

/** The warnings that the log has. */
interface Recorded {
  readonly streamId: string | null
  /** Number of the last one; 0: there is none. */
  readonly seq: number
  /** What the last one said. */
  readonly status: DiskSpace["status"]
}

const recorded = (engine: EngineService): Effect.Effect<Recorded, EngineStopped> =>
  Effect.map(engine.getMeta(warningsKey), (known) => {
    const [streamId = null, seq = "0", status] = known?.split(" ") ?? []
    return { streamId, seq: Number(seq), status: status === "low" ? "low" : "ok" }
  })

/**
 * Appends the warning to the log. The disk belongs to no thread, so warnings have a stream of their own, one for each log.
 */
const record = (engine: EngineService, space: DiskSpace, at: number): Effect.Effect<void, SubmitError> =>
  Effect.gen(function* () {
    const last = yield* recorded(engine)
    const streamId = last.streamId ?? mintId(sha256, at, `${engine.log.logId}|${warningsKey}`)
    const seq = last.seq + 1
    const payload = { message: messageOf(space), details: `disk-${space.status}` }
    const event = { type: "runtime.warning", channel, seq, at, payload }
    yield* engine.submit({
      drafts: [{ to: { streamId }, sessionId: null, actor: "orchestrator", event }],
      meta: { [warningsKey]: `${streamId} ${seq} ${space.status}` },
    })
  })

/**
 * Warns of a disk that becomes low or full, and of files that are lost: in the server's own log each time, of the disk by an
 * event, too. For the life of the scope.
 */
export const warnOfStorage = (engine: EngineService): Effect.Effect<void, never, Scope.Scope> =>
  Effect.suspend(() => watch(engine))

const watch = (engine: EngineService): Effect.Effect<void, never, Scope.Scope> => {
  let said: "lost" | DiskSpace["status"] = "ok"
  /** The last warning in the log, and when it was written; null: not looked up yet. */
  let told: { readonly status: DiskSpace["status"]; readonly at: number } | null = null

  const say = (status: typeof said, message: string) => {
    if (status === said) return Effect.void
    said = status
    if (status === "lost") return Effect.logError(message)
    return status === "ok" ? Effect.logInfo(message) : Effect.logWarning(message)
  }

  const tell = (space: DiskSpace) =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      told ??= { status: (yield* recorded(engine)).status, at: Number.NEGATIVE_INFINITY }
      const { at, status } = told
      if (space.status === status) return
      // A full disk takes no event; the next warning is that there is room again.
      if (space.status === "full") told = { status: "full", at }
      else if (severity[space.status] > severity[status] || now - at >= CALM_MS) {
        yield* record(engine, space, now)
        told = { status: space.status, at: now }
      }
    })

  const look = Effect.gen(function* () {
    const { lost, space } = yield* engine.storage
    if (lost !== null) return yield* say("lost", `${lost.found}: nothing is written any more`)
    if (space === null) return
    yield* say(space.status, messageOf(space))
    // What cannot be written now is tried again with the next look.
    yield* Effect.ignore(tell(space))
  })
  return Effect.asVoid(Effect.forkScoped(Effect.repeat(look, Schedule.spaced(LOOK_MS))))
}
