/** The files of this package that are not code: recordings, programs, and databases of earlier releases. */
import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

/** The nearest folder above this module that holds a package.json: `src` and `dist` lie at the same depth of it. */
const find = (): string => {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, "package.json"))) {
    const above = dirname(folder)
    if (above === folder) throw new Error("testkit cannot find its own package folder")
    folder = above
  }
  return folder
}

/** Absolute path of this package's folder: data and programs lie there, beside `src` and `dist`. */
export const packageRoot: string = find()

/**
 * A tool server (MCP over stdio) for agents: its tool `form` asks the user by a form, `visit` by an address to open, and each answers with
 * what the user answered, as JSON.
 */
export const askingServer = {
  name: "asking",
  /** The program: this Node. */
  command: process.execPath,
  args: [join(packageRoot, "programs", "asking-server.mjs")],
} as const

/**
 * Databases as versions of Threadfold made them, for tests of what a later version does with them. `npm run golden -- release-N` writes
 * one of today's schema and fold, which the last one must be.
 * - `release-1`: five threads by version 1 of the fold.
 * - `release-2`: five recordings and an attached session by version 3 of the fold.
 * - `release-3`: four recordings, one of them left open, and two session files by version 8 of the fold.
 * - `release-4`: the same by version 12 of the fold, in a log that stores long texts once.
 */
export const releases = ["release-1", "release-2", "release-3", "release-4"] as const
export type Release = (typeof releases)[number]

/** The version of the fold that made the rows of each. */
export const foldOfRelease: { readonly [R in Release]: number } = {
  "release-1": 1,
  "release-2": 3,
  "release-3": 8,
  "release-4": 13,
}

/**
 * SQL that makes the database of a release: its tables, and its rows.
 *
 * @returns UTF-8 text; it is read on every call
 */
export const releaseDump = (release: Release): string =>
  readFileSync(join(packageRoot, "fixtures", "databases", `${release}.sql`), "utf8")
