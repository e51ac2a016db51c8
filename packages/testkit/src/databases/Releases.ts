/** A database as the first release of Threadfold made it, for tests of what a later version does with it. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { packageRoot } from "../packageRoot.js"

/** SQL that makes the database: its tables, and the rows of five threads by version 1 of the fold. */
export const firstReleaseDump = (): string =>
  readFileSync(join(packageRoot, "fixtures", "databases", "release-1.sql"), "utf8")
