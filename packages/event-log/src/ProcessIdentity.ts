/**
 * Which process: a pid alone is reused, so a process is its boot, its pid and the tick at which it started. On other systems than
 * Linux only the pid is known, and the rest is null. No Effect here.
 */
import { readFileSync } from "node:fs"

/** A process of this machine. */
export interface ProcessIdentity {
  readonly pid: number
  /** Id of the machine's boot; null where the system has none. */
  readonly bootId: string | null
  /** Start, in clock ticks since the boot; null where the system has none. */
  readonly startTicks: number | null
}

const read = (file: string): string | null => {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return null
  }
}

const bootId = (): string | null => read("/proc/sys/kernel/random/boot_id")?.trim() ?? null

/** Field 22 of `/proc/PID/stat`; the name in field 2 may hold blanks and brackets, so count from its last bracket. */
const startTicks = (pid: number): number | null => {
  const stat = read(`/proc/${pid}/stat`)
  if (stat === null) return null
  const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19])
  return Number.isFinite(ticks) ? ticks : null
}

/** The identity of a pid that runs now. */
export const identityOf = (pid: number): ProcessIdentity => ({ pid, bootId: bootId(), startTicks: startTicks(pid) })

const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: the process exists and belongs to another user.
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}

/** Whether exactly that process runs, not one that got its pid. */
export const isRunning = (identity: ProcessIdentity): boolean => {
  if (!exists(identity.pid)) return false
  const now = identityOf(identity.pid)
  return (
    (identity.bootId === null || now.bootId === null || identity.bootId === now.bootId) &&
    (identity.startTicks === null || now.startTicks === null || identity.startTicks === now.startTicks)
  )
}
