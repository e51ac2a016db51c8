/** Looks at what the service stands on: Node, the database module, the data directory and the database in it. */
import { accessSync, constants, existsSync, statSync } from "node:fs"
import { databaseGroups } from "@threadfold/engine"
import { databaseFile, openReadOnly, ownerOf } from "@threadfold/event-log"
import { Effect } from "effect"
import { isSupported, platformAdvice, supportedPlatforms } from "../config/platform.js"
import type { Check } from "./Report.js"

const ok = (subject: string, detail: string): Check => ({ subject, status: "ok", detail, next: null })
const problem = (subject: string, detail: string, next: string): Check => ({ subject, status: "problem", detail, next })

/** The oldest Node that everything runs on (`engines` of the workspace). */
const oldest = [20, 19] as const

/** @param version as `process.versions.node` says it */
export const checkNode = (version: string): Check => {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  const isNew = major > oldest[0] || (major === oldest[0] && minor >= oldest[1])
  return isNew
    ? ok("node", version)
    : problem("node", `${version} is too old`, `Install Node ${oldest.join(".")} or newer.`)
}

/** @param platform as `process.platform` says it */
export const checkPlatform = (platform: string): Check =>
  isSupported(platform)
    ? ok("platform", supportedPlatforms[platform] ?? platform)
    : problem("platform", `${platform} is not supported: no data directory is written on it`, platformAdvice)

/** Whether the native database module can be loaded. */
export const checkModule: Effect.Effect<Check> = Effect.tryPromise(async () => {
  const { default: Sqlite } = await import("better-sqlite3")
  const memory = new Sqlite(":memory:")
  const version = memory.prepare<[], string>("SELECT sqlite_version()").pluck().get()
  memory.close()
  return ok("database module", `SQLite ${version ?? "?"}`)
}).pipe(
  Effect.catchAll(({ error }) =>
    Effect.succeed(
      problem(
        "database module",
        `better-sqlite3 cannot be loaded: ${error instanceof Error ? error.message.split("\n", 1)[0] : String(error)}`,
        "Allow its install script and run `npm rebuild better-sqlite3`; in a checkout `npm run setup` says what is missing.",
      ),
    ),
  ),
)

const canWrite = (directory: string): boolean => {
  try {
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The directory as the file system has it. */
const folder = (directory: string): Check | null => {
  const subject = "data directory"
  const stat = statSync(directory)
  if (!stat.isDirectory()) return problem(subject, `${directory} is no directory`, "Name another one with --data-dir.")
  const uid = process.getuid?.()
  if (uid !== undefined && stat.uid !== uid) {
    return problem(subject, `${directory} belongs to another user`, "Run as that user, or name another directory.")
  }
  if (!canWrite(directory)) return problem(subject, `${directory} cannot be written`, `chmod u+rwx ${directory}`)
  if (process.platform !== "win32" && (stat.mode & 0o022) !== 0) {
    return problem(subject, `Others on this machine can change what is in ${directory}`, `chmod 700 ${directory}`)
  }
  return null
}

const database = (directory: string): Effect.Effect<Check> => {
  const file = databaseFile(directory)
  if (!existsSync(file)) return Effect.succeed(ok("database", "none yet; the first `threadfold serve` makes it"))
  return openReadOnly({ file, migrations: databaseGroups }).pipe(
    Effect.flatMap(({ head }) => head),
    Effect.scoped,
    Effect.match({
      onSuccess: (head) => ok("database", `${head} events`),
      onFailure: (failure) =>
        problem(
          "database",
          `${file}: ${failure._tag === "StorageUnavailable" ? failure.reason : failure.message}`,
          "See docs/how-to/operate.md about backups and restoring.",
        ),
    }),
  )
}

/** The data directory and its database. */
export const checkDirectory = (directory: string): Effect.Effect<readonly Check[]> =>
  Effect.gen(function* () {
    if (!existsSync(directory)) {
      return [ok("data directory", `${directory} does not exist yet; the first \`threadfold serve\` makes it`)]
    }
    const wrong = folder(directory)
    if (wrong !== null) return [wrong]
    const owner = yield* Effect.either(ownerOf(directory))
    const pid = owner._tag === "Right" && owner.right.owned ? (owner.right.owner?.pid ?? "?") : null
    const served = pid === null ? "" : `, in use by process ${pid}`
    return [ok("data directory", `${directory}${served}`), yield* database(directory)]
  })
