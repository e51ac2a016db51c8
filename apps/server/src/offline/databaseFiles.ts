/** The files that a database consists of, and those that SQLite makes beside it while it is open or after a kill. */
import { rmSync } from "node:fs"
import { Data } from "effect"

const ends = ["", "-wal", "-shm", "-journal"] as const

/** Paths of a database file, and of what may lie beside it. */
export const databaseFiles = (file: string): readonly string[] => ends.map((end) => `${file}${end}`)

/** Removes a database that no process has open, with all that lies beside it. */
export const removeDatabase = (file: string): void => {
  for (const path of databaseFiles(file)) rmSync(path, { force: true })
}

/** The data directory holds no database, and no process owns it. */
export class NoDatabaseIn extends Data.TaggedError("NoDatabaseIn")<{ readonly directory: string }> {
  override get message(): string {
    return `There is no database in ${this.directory}.`
  }
}
