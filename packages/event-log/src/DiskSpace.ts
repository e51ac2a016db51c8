/** How much free space the file system of a database has. No Effect here. */
import { statfsSync } from "node:fs"
import { Schema } from "effect"

const Bytes = Schema.Number.pipe(Schema.int(), Schema.nonNegative())

/**
 * Limits of free space. On a small file system a share of its size counts instead, where that is less, so that a limit
 * meant for a large disk does not close a small one.
 */
export const DiskLimits = Schema.Struct({
  /** Below this many free bytes the server warns; 1 GiB by default, at most a tenth of the file system. */
  warnFreeBytes: Schema.optional(Bytes),
  /** Below this many free bytes nothing is written any more; 64 MiB by default, at most a twentieth of the file system. */
  minFreeBytes: Schema.optional(Bytes),
})
export type DiskLimits = typeof DiskLimits.Type

/** The default limits, bytes. */
export const defaultDiskLimits = { warnFreeBytes: 1024 ** 3, minFreeBytes: 64 * 1024 ** 2 } as const

/** `low`: the server warns; `full`: nothing is written any more. */
export interface DiskSpace {
  readonly status: "ok" | "low" | "full"
  /** Bytes that this user may still use. */
  readonly freeBytes: number
  /** Below this it is full. */
  readonly minFreeBytes: number
}

/** The sizes of a file system, as `statfs` gives them. */
interface FileSystem {
  readonly bavail: number
  readonly blocks: number
  readonly bsize: number
}

/** What the limits make of a file system. */
export const judgeSpace = ({ bavail, blocks, bsize }: FileSystem, limits: DiskLimits): DiskSpace => {
  const size = blocks * bsize
  const freeBytes = bavail * bsize
  const minFreeBytes = Math.min(limits.minFreeBytes ?? defaultDiskLimits.minFreeBytes, size / 20)
  const warnFreeBytes = Math.min(limits.warnFreeBytes ?? defaultDiskLimits.warnFreeBytes, size / 10)
  const status = freeBytes < minFreeBytes ? "full" : freeBytes < warnFreeBytes ? "low" : "ok"
  return { status, freeBytes, minFreeBytes: Math.round(minFreeBytes) }
}

/** Looks at the file system of a directory; null where that fails (a later write then reports the failure). */
export const diskSpace = (directory: string, limits: DiskLimits): DiskSpace | null => {
  try {
    return judgeSpace(statfsSync(directory), limits)
  } catch {
    return null
  }
}
