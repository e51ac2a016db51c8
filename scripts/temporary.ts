/**
 * Where the tests of a run put their databases. Where memory can hold them, they lie there: a suite that waits for a disk at
 * each commit takes a third longer, and what a killed process leaves is the same.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const inMemory = "/dev/shm"
/** Bytes that must be free there. */
const enough = 4 * 2 ** 30

/** Whether a folder takes what tests put into it: they start programs that they wrote. */
const isFit = (folder: string): boolean => {
  const probe = join(folder, "probe")
  writeFileSync(probe, "#!/bin/sh\n", { mode: 0o755 })
  const { status } = spawnSync(probe)
  rmSync(probe)
  const { bavail, bsize } = statfsSync(folder)
  return status === 0 && bavail * bsize > enough
}

const make = (parent: string): string => mkdtempSync(join(parent, "threadfold-tests-"))
const remove = (folder: string): void => rmSync(folder, { recursive: true, force: true })

const inMemoryIfFit = (): string | null => {
  try {
    const folder = make(inMemory)
    if (isFit(folder)) return folder
    remove(folder)
  } catch {
    // No such folder, or not for us: the usual one does.
  }
  return null
}

/** Makes the folder; it goes with this process. */
export const temporaryFolder = (): string => {
  const folder = inMemoryIfFit() ?? make(tmpdir())
  process.on("exit", () => remove(folder))
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1))
  return folder
}
