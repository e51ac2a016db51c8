/** An empty database with the projections' tables, in memory. */
import Sqlite, { type Database } from "better-sqlite3"
import { projectionSchema } from "../schema.js"

/** Opens one; `file` for tests that need it on a disk. */
export const openProjections = (file = ":memory:"): Database => {
  const database = new Sqlite(file)
  database.pragma("journal_mode = WAL")
  database.pragma("foreign_keys = ON")
  for (const statement of projectionSchema) database.exec(statement)
  return database
}
