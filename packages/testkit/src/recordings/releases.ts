/** Databases as earlier versions of Threadfold made them, for tests of what a later version does with them. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { packageRoot } from "../packageRoot.js"

/**
 * - `release-1`: five threads by version 1 of the fold.
 * - `release-2`: five recordings and an attached session by version 3 of the fold.
 */
export const releases = ["release-1", "release-2"] as const
export type Release = (typeof releases)[number]

/** SQL that makes the database of a release: its tables, and its rows. */
export const releaseDump = (release: Release): string =>
  readFileSync(join(packageRoot, "fixtures", "databases", `${release}.sql`), "utf8")
