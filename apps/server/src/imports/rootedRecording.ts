/** A recording below the folder that the configuration allows. */
import { constants } from "node:fs"
import { type FileHandle, open, realpath, stat } from "node:fs/promises"
import { isAbsolute, resolve, sep } from "node:path"
import { Problem } from "@threadfold/contracts/problem"
import { Effect, type Scope } from "effect"
import { type OpenedRecording, openedRecording } from "./fileRecording.js"

const notAllowed = (path: string, why: string) =>
  new Problem({ slug: "path-not-allowed", detail: `${JSON.stringify(path)} ${why}.` })

const isBelow = (root: string, file: string): boolean => file.startsWith(root.endsWith(sep) ? root : `${root}${sep}`)

const notFound =
  (path: string) =>
  (error: unknown): Problem =>
    error instanceof Problem
      ? error
      : new Problem({
          slug: "recording-not-found",
          // The words of the system name the whole path, which is the server's own matter.
          detail: `${path}: ${error instanceof Error && "code" in error ? String(error.code) : "it cannot be read"}.`,
        })

/** Opens a file below the root, wherever its links lead: what was opened is looked at, not what the path may be a moment later. */
const openBelow = async (root: string, path: string): Promise<FileHandle> => {
  const top = await realpath(root)
  const file = await realpath(resolve(top, path))
  if (!isBelow(top, file)) throw notAllowed(path, "leads out of the folder")
  if (!(await stat(file)).isFile()) throw notAllowed(path, "is no file")
  // Without waiting, should the file be a pipe by now: it would hold the call until a program writes to it.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const [opened, named] = await Promise.all([handle.stat(), stat(await realpath(file))])
    if (opened.dev !== named.dev || opened.ino !== named.ino || !isBelow(top, await realpath(file))) {
      throw notAllowed(path, "was changed while it was opened")
    }
    if (!opened.isFile()) throw notAllowed(path, "is no file")
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

/**
 * The recording at a path below the root; it is closed when the scope ends. Fails with `path-not-allowed` where there is no root,
 * or the path leads out of it, by `..` or by a link; with `recording-not-found` where nothing is there to be read.
 */
export const rootedRecording = (
  root: string | null,
  path: string,
  name: string,
): Effect.Effect<OpenedRecording, Problem, Scope.Scope> =>
  Effect.gen(function* () {
    if (root === null) return yield* notAllowed(path, "is a path, and the configuration names no folder for imports")
    if (isAbsolute(path) || path.split(/[\\/]/).includes(".."))
      return yield* notAllowed(path, "leads out of the folder")
    if (path.includes("\0")) return yield* notAllowed(path, "is no path")
    const handle = yield* Effect.acquireRelease(
      Effect.tryPromise({ try: () => openBelow(root, path), catch: notFound(path) }),
      (opened) => Effect.promise(() => opened.close()),
    )
    return openedRecording(handle.fd, name)
  })
