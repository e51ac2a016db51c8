/** One line for every call that changes something, and for refusals: method, path, status. Never a query, never a token. */
import { Bucket } from "./security/Bucket.js"
import { pathOf } from "./security/Guard.js"

/** Refusals are told so many at once, then so many per second: a flood of them is counted, not written. */
const refusalBurst = 60
const refusalsPerSecond = 1

const longestPath = 200

export interface AccessEntry {
  readonly method: string
  /** The request target as it was sent. */
  readonly target: string
  readonly status: number
}

const reads = new Set(["GET", "HEAD", "OPTIONS"])

/** A log that writes its lines with `write`. */
export const makeAccessLog = (write: (line: string) => void, now: () => number): ((entry: AccessEntry) => void) => {
  const refusals = new Bucket(refusalBurst, refusalsPerSecond, now())
  return ({ method, target, status }) => {
    const refused = status === 401 || status === 403 || status === 429
    if (refused ? !refusals.take(now()).ok : reads.has(method)) return
    const at = new Date(now()).toISOString()
    // JSON, so that no path can forge a line of the log.
    write(JSON.stringify({ at, method, path: pathOf(target).slice(0, longestPath), status }))
  }
}
