/** A recording below the folder that the configuration allows. */

import { readdir, realpath } from "node:fs/promises"
import { resolve } from "node:path"
import { Problem } from "@threadfold/contracts/problem"
import { CannotOpen, isInside, openInside, pathFault, traceBundle } from "@threadfold/imports"
import { traceLogName, traceManifestName } from "@threadfold/imports/sources"
import { Effect, type Scope } from "effect"
import { type OpenedRecording, openedRecording } from "./fileRecording.js"
import { spooledRecording } from "./spooledRecording.js"

const problemOf = (path: string, error: unknown): Problem => {
  if (!(error instanceof CannotOpen))
    return new Problem({ slug: "recording-not-found", detail: `${path}: it cannot be read.` })
  return error.kind === "outside"
    ? new Problem({ slug: "path-not-allowed", detail: error.message })
    : new Problem({ slug: "recording-not-found", detail: `${path}: ${error.why}.` })
}

/** The real path of the bundle of a trace at a path; null: there is none. What is opened in it is looked at again. */
const bundleAt = async (root: string, path: string): Promise<string | null> => {
  try {
    const folder = await realpath(resolve(root, path))
    const files = await readdir(folder)
    return files.includes(traceLogName) || files.includes(traceManifestName) ? folder : null
  } catch {
    return null
  }
}

/** Where a recording that has to be written anew is put. */
export interface Spool {
  readonly directory: string
  /** Bytes of the disk that must stay free. */
  readonly minFreeBytes: number
}

/**
 * The recording at a path below the root, a file or the folder of a trace; it is closed when the scope ends. Fails with `path-not-allowed` where there is no root,
 * or the path leads out of it, by `..` or by a link; with `recording-not-found` where nothing is there to be read.
 */
export const rootedRecording = (
  root: string | null,
  path: string,
  name: string,
  { directory, minFreeBytes }: Spool,
): Effect.Effect<OpenedRecording, Problem, Scope.Scope> =>
  Effect.gen(function* () {
    if (root === null) {
      const detail = `${JSON.stringify(path)} is a path, and the configuration names no folder for imports.`
      return yield* new Problem({ slug: "path-not-allowed", detail })
    }
    const fault = pathFault(path)
    if (fault !== null) {
      return yield* new Problem({ slug: "path-not-allowed", detail: `${JSON.stringify(path)} ${fault}.` })
    }
    const bundle = yield* Effect.promise(() => bundleAt(root, path))
    if (bundle !== null) {
      if (!(yield* Effect.promise(() => isInside(root, bundle)))) {
        return yield* new Problem({
          slug: "path-not-allowed",
          detail: `${JSON.stringify(path)} leads out of the folder.`,
        })
      }
      return yield* spooledRecording(traceBundle(bundle, null, name, root), directory, minFreeBytes)
    }
    const handle = yield* Effect.acquireRelease(
      Effect.tryPromise({ try: () => openInside(root, path), catch: (error) => problemOf(path, error) }),
      (opened) => Effect.promise(() => opened.close()),
    )
    return openedRecording(handle.fd, name)
  })
