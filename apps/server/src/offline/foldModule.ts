/** Another build of the fold, from a file: what `--fold MODULE` names. */
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { Problem } from "@threadfold/contracts/problem"
import { fold as currentFold, FOLD_VERSION, type Fold } from "@threadfold/core"

const refused = (path: string, what: string): Problem =>
  new Problem({ slug: "invalid-request", detail: `--fold ${path}: ${what}.` })

/** The fold of a module. */
export interface LoadedFold {
  readonly fold: Fold
  /** What it exports as `FOLD_VERSION`; the version of this program's fold where it exports none. */
  readonly version: number
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/**
 * The fold that an ES module exports as `fold`: `(state, event, rows, current) → {state, changes}`, where `current` is the fold of
 * this program. It runs with the rights of this program.
 *
 * @throws Problem where there is no such module or function, and at the event at which it throws or returns something else
 */
export const loadFold = async (path: string): Promise<LoadedFold> => {
  const file = resolve(path)
  if (!existsSync(file)) throw refused(path, "there is no such file")
  const loaded: unknown = await import(pathToFileURL(file).href).catch((error: unknown) => {
    throw refused(path, `it cannot be loaded: ${messageOf(error)}`)
  })
  const given: unknown = Reflect.get(Object(loaded), "fold")
  if (typeof given !== "function") throw refused(path, "it exports no function of the name fold")
  const version: unknown = Reflect.get(Object(loaded), "FOLD_VERSION")
  const fold: Fold = (state, event, rows) => {
    const result = calling(path, event.sequence, () =>
      Reflect.apply(given, undefined, [state, event, rows, currentFold]),
    )
    if (isResult(result)) return result
    throw refused(path, `at event ${event.sequence} it returned no {state, changes}`)
  }
  return { fold, version: typeof version === "number" ? version : FOLD_VERSION }
}

const calling = (path: string, sequence: number, body: () => unknown): unknown => {
  try {
    return body()
  } catch (error) {
    throw refused(path, `it threw at event ${sequence}: ${messageOf(error)}`)
  }
}

/** What is inside is taken as it is: a wrong row is what one looks for. */
const isResult = (value: unknown): value is ReturnType<Fold> =>
  typeof value === "object" &&
  value !== null &&
  "state" in value &&
  typeof value.state === "object" &&
  "changes" in value &&
  Array.isArray(value.changes)
