/**
 * One owner per data directory. The lock decides (see `OwnerLock.ts`); `owner.json` only names the owner for the message. It is
 * taken before the database is opened or a port is bound.
 */
import { readFileSync, realpathSync, rmSync } from "node:fs"
import { Clock, Effect, Option, Schedule, Schema, type Scope } from "effect"
import { ownerFile, prepareDirectory } from "./DataDirectory.js"
import { DataDirectoryOwned, type StorageError } from "./Errors.js"
import { isLocked, tryLock, type Unlock } from "./OwnerLock.js"
import { identityOf, isRunning } from "./ProcessIdentity.js"
import { storageError } from "./storageError.js"
import { writeWhole } from "./writeWhole.js"

/** The owner of a data directory. */
export const OwnerRecord = Schema.Struct({
  /** Process id. */
  pid: Schema.Number,
  /** Id of the machine's boot; null where the system has none. */
  bootId: Schema.NullOr(Schema.String),
  /** Start of the process in clock ticks since the boot; null where the system has none. */
  startTicks: Schema.NullOr(Schema.Number),
  /** Port that it serves on; null while it serves none. */
  port: Schema.NullOr(Schema.Number),
  /** Version of Threadfold; null where it is not known. */
  version: Schema.NullOr(Schema.String),
  /** When it took the directory, ms since the epoch. */
  startedAt: Schema.Number,
})
export type OwnerRecord = typeof OwnerRecord.Type

/** The details that an owner records. */
export interface OwnerDetails {
  readonly version?: string | null
  /** The port, where it is known beforehand. */
  readonly port?: number | null
}

/** The ownership of a data directory; ends with the scope it was acquired in. */
export interface Ownership {
  /** Real path of the directory. */
  readonly directory: string
  /** Writes the port to `owner.json` once it is bound. */
  readonly announcePort: (port: number) => Effect.Effect<void, StorageError>
}

/** Whether a directory has an owner, and which, as far as it is known. */
export type OwnerStatus = { readonly owned: false } | { readonly owned: true; readonly owner: OwnerRecord | null }

const decodeRecord = Schema.decodeUnknownOption(Schema.parseJson(OwnerRecord))

const readRecord = (directory: string): OwnerRecord | null => {
  try {
    return Option.getOrNull(decodeRecord(readFileSync(ownerFile(directory), "utf8")))
  } catch {
    return null
  }
}

const writeRecord = (directory: string, record: OwnerRecord): void =>
  writeWhole(ownerFile(directory), `${JSON.stringify(record)}\n`)

const storageFailed = (directory: string) => (error: unknown) => storageError(directory, directory, error)

const owned = (directory: string, owner: OwnerRecord | null): DataDirectoryOwned =>
  new DataDirectoryOwned({ directory, owner: owner === null ? null : { pid: owner.pid, port: owner.port } })

/** The owner has not written its record yet: it is starting, or another process is reading the lock. */
class OwnerUnknown {
  readonly _tag = "OwnerUnknown"
}

/** How long a process that did not get the lock waits for the owner's record: 40 reads, about 25 ms apart, with jitter. */
const untilKnown = Schedule.intersect(Schedule.jittered(Schedule.spaced("25 millis")), Schedule.recurs(40))

const lock = (directory: string): Effect.Effect<Unlock, DataDirectoryOwned | StorageError> =>
  Effect.try({ try: () => tryLock(directory), catch: storageFailed(directory) }).pipe(
    Effect.flatMap((unlock): Effect.Effect<Unlock, DataDirectoryOwned | OwnerUnknown> => {
      if (unlock !== null) return Effect.succeed(unlock)
      const owner = readRecord(directory)
      return Effect.fail(owner !== null && isRunning(owner) ? owned(directory, owner) : new OwnerUnknown())
    }),
    Effect.retry({ schedule: untilKnown, while: (error) => error._tag === "OwnerUnknown" }),
    Effect.catchTag("OwnerUnknown", () => Effect.fail(owned(directory, null))),
  )

/**
 * Owns a data directory for the life of the scope. Fails with the owner's pid and port where another process (or another part
 * of this one) owns it.
 */
export const acquireOwnership = (
  dataDirectory: string,
  details: OwnerDetails = {},
): Effect.Effect<Ownership, DataDirectoryOwned | StorageError, Scope.Scope> =>
  Effect.gen(function* () {
    const directory = yield* Effect.try({
      try: () => prepareDirectory(dataDirectory),
      catch: storageFailed(dataDirectory),
    })
    yield* Effect.acquireRelease(lock(directory), (unlock) =>
      Effect.sync(() => {
        // Where the lock file was replaced, another process may own the directory and the record.
        if (readRecord(directory)?.pid === process.pid) rmSync(ownerFile(directory), { force: true })
        unlock()
      }),
    )
    const record: OwnerRecord = {
      ...identityOf(process.pid),
      port: details.port ?? null,
      version: details.version ?? null,
      startedAt: yield* Clock.currentTimeMillis,
    }
    const announce = (port: number | null) =>
      Effect.try({ try: () => writeRecord(directory, { ...record, port }), catch: storageFailed(directory) })
    yield* announce(record.port)
    return { directory, announcePort: announce }
  })

/** Whether a data directory has an owner now, and which process that is. Fails at an unreadable lock. */
export const ownerOf = (dataDirectory: string): Effect.Effect<OwnerStatus, StorageError> =>
  Effect.try({
    try: (): OwnerStatus => {
      let directory: string
      try {
        directory = realpathSync(dataDirectory)
      } catch {
        return { owned: false }
      }
      if (!isLocked(directory)) return { owned: false }
      const owner = readRecord(directory)
      return { owned: true, owner: owner !== null && isRunning(owner) ? owner : null }
    },
    catch: storageFailed(dataDirectory),
  })
