/**
 * The access log: a line of JSON for every call that changes something, and for refusals: when, method, path, status. Never a query,
 * never a token.
 */
import { Effect, type Scope } from "effect"
import { Bucket } from "./security/Bucket.js"
import { pathOf } from "./security/Guard.js"

/** Refusals are written so many at once, then so many per second: a flood of them is counted alone. */
const refusalBurst = 60
const refusalsPerSecond = 1

const longestPath = 200

/** How long a line waits for those after it, ms: a write for each would cost more than all else of the line. */
const waitMs = 20

/** A call that was answered. */
export interface AccessEntry {
  readonly method: string
  /** The request target as it was sent. */
  readonly target: string
  readonly status: number
}

const reads = new Set(["GET", "HEAD", "OPTIONS"])

/** A log that gives each of its lines to `write`. */
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

/**
 * What writes lines to `output`: those that come within a few milliseconds of each other in one write, in their order. None waits at the
 * end of the scope or of the process.
 */
export const linesTo = (output: {
  readonly write: (text: string) => unknown
}): Effect.Effect<(line: string) => void, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        let waiting = ""
        let isOver = false
        const flush = (): void => {
          const text = waiting
          waiting = ""
          process.off("exit", flush)
          if (text !== "") output.write(text)
        }
        const take = (line: string): void => {
          if (waiting === "") {
            process.on("exit", flush)
            setTimeout(flush, waitMs).unref()
          }
          waiting += `${line}\n`
          if (isOver) flush()
        }
        const end = (): void => {
          isOver = true
          flush()
        }
        return { take, end }
      }),
      ({ end }) => Effect.sync(end),
    ),
    ({ take }) => take,
  )
