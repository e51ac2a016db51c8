/** Files beside the database that hold nothing but what follows from it. */
import { rmSync } from "node:fs"

/** Removes such a file, with what SQLite makes beside it while it is open, or leaves there after a kill. */
export const removeFile = (file: string): void => {
  for (const end of ["", "-wal", "-shm", "-journal"]) rmSync(`${file}${end}`, { force: true, recursive: true })
}
