/** A directory for the life of a scope, for what is not to stay. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Problem } from "@threadfold/contracts/problem"
import { Effect, type Scope } from "effect"
import { writeProblem } from "./offline/databaseProblem.js"

interface TemporaryDirectory {
  readonly path: string
  readonly remove: () => void
}

/** Removes a directory in which a thread may still write: what came meanwhile is removed by the next try. */
const removeDirectory = (path: string, tries = 5): void => {
  try {
    rmSync(path, { recursive: true, force: true })
  } catch (error) {
    if (tries <= 1) throw error
    removeDirectory(path, tries - 1)
  }
}

const make = (): TemporaryDirectory => {
  const path = mkdtempSync(join(tmpdir(), "threadfold-"))
  const remove = () => removeDirectory(path)
  // An error that nothing caught, or a second Ctrl-C, ends the process without finalizers.
  process.once("exit", remove)
  return {
    path,
    remove: () => {
      process.removeListener("exit", remove)
      remove()
    },
  }
}

/** An empty directory that is removed with the scope, or with the process. Fails with `disk-full` or `storage-failed`. */
export const temporaryDirectory: Effect.Effect<string, Problem, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.try({
      try: make,
      catch: (error) => writeProblem(tmpdir(), error),
    }),
    ({ remove }) => Effect.sync(remove),
  ),
  ({ path }) => path,
)
