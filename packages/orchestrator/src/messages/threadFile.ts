/** Paths that a message names: they are looked up in the folder of its thread, and nothing outside it is read. */
import { constants } from "node:fs"
import { type FileHandle, open, realpath, stat } from "node:fs/promises"
import { isAbsolute, relative, resolve, sep } from "node:path"
import { Effect } from "effect"
import { PartRefused } from "../Errors.js"

/** What a path of a message is. */
export interface FoundPath {
  /** Its real path, absolute. */
  readonly real: string
  /** The same relative to the thread's folder, with `/`; empty: the folder itself. */
  readonly path: string
}

const refused = (reason: PartRefused["reason"], place: string, why: string): PartRefused =>
  new PartRefused({ reason, message: `${place}: ${why}.` })

const isInside = (path: string): boolean => path !== ".." && !path.startsWith(`..${sep}`) && !isAbsolute(path)

/**
 * Finds a path in the folder of a thread. Its links are followed first: where they lead out of the folder, it is refused.
 * @param place the field that names it
 */
const find = (folder: string | null, path: string, place: string): Effect.Effect<FoundPath, PartRefused> =>
  Effect.gen(function* () {
    if (folder === null) {
      return yield* refused(
        "path-not-allowed",
        place,
        "the thread has no folder; name one when the thread is made (`cwd`)",
      )
    }
    if (path.includes("\0")) return yield* refused("path-not-allowed", place, "the path has a NUL in it")
    if (path.split(/[\\/]/).includes("..")) return yield* refused("path-not-allowed", place, "the path has `..` in it")
    const missing = (what: string) => refused("invalid-request", place, `there is nothing at ${what}`)
    const root = yield* Effect.tryPromise({ try: () => realpath(folder), catch: () => missing(folder) })
    const named = resolve(folder, path)
    const real = yield* Effect.tryPromise({ try: () => realpath(named), catch: () => missing(named) })
    const inside = relative(root, real)
    if (!isInside(inside)) {
      return yield* refused("path-not-allowed", place, `${path} is not in the thread's folder ${folder}`)
    }
    return { real, path: inside.split(sep).join("/") }
  })

/** Finds a directory of a message. */
export const findDirectory = (
  folder: string | null,
  path: string,
  place: string,
): Effect.Effect<FoundPath, PartRefused> =>
  Effect.flatMap(find(folder, path, place), (found) =>
    Effect.flatMap(
      Effect.orElseSucceed(
        Effect.tryPromise(() => stat(found.real)),
        () => null,
      ),
      (stats) =>
        stats?.isDirectory() === true
          ? Effect.succeed(found)
          : refused("invalid-request", place, `${path} is no directory`),
    ),
  )

/** A file of a message. */
export interface FoundFile extends FoundPath {
  /** Its length, bytes. */
  readonly size: number
  /** Its bytes; null: it is longer than the limit. */
  readonly bytes: Uint8Array | null
}

/** At most so many bytes of a file, and one more where there are more. */
const readUpTo = async (file: FileHandle, limit: number): Promise<Uint8Array> => {
  const buffer = Buffer.alloc(limit + 1)
  let length = 0
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return Uint8Array.from(buffer.subarray(0, length))
}

/** Reads a file of a message, unless it is longer than `limit` bytes. */
export const readThreadFile = (
  folder: string | null,
  path: string,
  limit: number,
  place: string,
): Effect.Effect<FoundFile, PartRefused> =>
  Effect.gen(function* () {
    const found = yield* find(folder, path, place)
    const unreadable = () => refused("invalid-request", place, `${path} cannot be read`)
    // The last name must not have become a link meanwhile, and a pipe must not be waited for.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
    const opened = Effect.acquireRelease(
      Effect.tryPromise({ try: () => open(found.real, flags), catch: unreadable }),
      (file) => Effect.ignore(Effect.tryPromise(() => file.close())),
    )
    return yield* Effect.scoped(
      Effect.gen(function* () {
        const file = yield* opened
        const stats = yield* Effect.tryPromise({ try: () => file.stat(), catch: unreadable })
        if (!stats.isFile()) return yield* refused("invalid-request", place, `${path} is no file`)
        // A directory on the way must not have become a link either: the path still leads to this file, and is its real one.
        const again = yield* Effect.tryPromise({ try: () => realpath(found.real), catch: unreadable })
        if (again !== found.real) return yield* unreadable()
        if (stats.size > limit) return { ...found, size: stats.size, bytes: null }
        const bytes = yield* Effect.tryPromise({ try: () => readUpTo(file, limit), catch: unreadable })
        return bytes.length > limit
          ? { ...found, size: bytes.length, bytes: null }
          : { ...found, size: bytes.length, bytes }
      }),
    )
  })
