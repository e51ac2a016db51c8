/** Small files beside the database: written whole or not at all, so that a reader never meets half of one. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs"

export interface WriteWholeOptions {
  /** True: it is on the disk when this returns, and not only with the system. */
  readonly durable?: boolean
}

/** Puts a text in the place of a file that only its owner can read. Throws what the file system throws; the file is as it was then. */
export const writeWhole = (file: string, text: string, { durable = false }: WriteWholeOptions = {}): void => {
  const draft = `${file}.${process.pid}.new`
  // One that an earlier process left may have another mode.
  rmSync(draft, { force: true })
  try {
    const descriptor = openSync(draft, "wx", 0o600)
    try {
      writeFileSync(descriptor, text)
      if (durable) fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(draft, file)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}
