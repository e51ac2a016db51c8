/** CPU time of the threads of another process that have not given way to others. */
import { readdirSync, readFileSync } from "node:fs"

/** Where `nice` stands behind the name of a thread, in `/proc/PID/task/TID/stat` (proc(5)). */
const nicePlace = 16

const niceOf = (stat: string): number => Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[nicePlace])

/** CPU time, µs, of the threads of usual priority: without those that `setPriority` put back. Null where the system does not tell. */
export const servingMicros = (pid: number): number | null => {
  let nanos = 0
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const place = `/proc/${pid}/task/${thread}`
      if (niceOf(readFileSync(`${place}/stat`, "utf8")) > 0) continue
      nanos += Number(readFileSync(`${place}/schedstat`, "utf8").split(" ")[0])
    }
  } catch {
    return null
  }
  return nanos / 1_000
}
