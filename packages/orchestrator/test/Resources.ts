/** What this process holds: what grows with every start of an agent is a leak. */
import { readdirSync, readFileSync } from "node:fs"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { Effect } from "effect"

const isLinux = process.platform === "linux"

/** Open files; 0 where the system does not tell. */
export const openFiles = (): number => (isLinux ? readdirSync("/proc/self/fd").length : 0)

/** Children that have ended and that nobody has let go of; 0 where the system does not tell. */
export const zombies = (): number => {
  if (!isLinux) return 0
  const isOurs = (pid: string): boolean => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
      const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
      return state === "Z" && Number(parent) === process.pid
    } catch {
      // It is gone meanwhile.
      return false
    }
  }
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && isOurs(name)).length
}

const collectGarbage = ((): (() => void) => {
  setFlagsFromString("--expose-gc")
  const collect: unknown = runInNewContext("gc")
  return typeof collect === "function" ? () => void collect() : () => undefined
})()

/** Bytes of the heap that are in use after a collection. */
export const heapUsed: Effect.Effect<number> = Effect.promise(async () => {
  // What the last collection let go of may have kept other things until then.
  for (let round = 0; round < 3; round += 1) {
    await new Promise<void>((resolve) => setImmediate(resolve))
    collectGarbage()
  }
  return process.memoryUsage().heapUsed
})
