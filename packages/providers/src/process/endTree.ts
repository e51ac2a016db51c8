/** Ends processes that are known by identity, politely first. */
import { Clock, Effect } from "effect"
import { type ProcessIdentity, stillRunning } from "./ProcessTable.js"

export interface EndTree {
  /** Says which processes are to end. Asked again before each step, so that what they start meanwhile is ended too. */
  readonly find: Effect.Effect<readonly ProcessIdentity[]>
  /** How long they may take to end by themselves after SIGTERM, ms. */
  readonly graceMs: number
}

/** How long a process may take to vanish after SIGKILL, ms. Longer takes only one that hangs in the kernel. */
const killMs = 5_000
const pauseMs = 10

/** Signals those that still are who they were; never ourselves. */
const signal = (processes: readonly ProcessIdentity[], name: NodeJS.Signals): Effect.Effect<void> =>
  Effect.map(stillRunning(processes), (running) => {
    for (const { pid } of running) {
      if (pid === process.pid) continue
      try {
        process.kill(pid, name)
      } catch {
        // It ended in this moment, or became somebody else's: neither is ours to end.
      }
    }
  })

/** Waits until none is left, for `ms` at most; gives those that are. */
const untilGone = (
  find: Effect.Effect<readonly ProcessIdentity[]>,
  ms: number,
): Effect.Effect<readonly ProcessIdentity[]> =>
  Effect.gen(function* () {
    const end = (yield* Clock.currentTimeMillis) + ms
    let left = yield* find
    while (left.length > 0 && (yield* Clock.currentTimeMillis) < end) {
      yield* Effect.sleep(pauseMs)
      left = yield* stillRunning(left)
      if (left.length === 0) left = yield* find
    }
    return left
  })

/**
 * SIGTERM to all, SIGKILL to those that are left after the grace period; gives what could not be ended (normally
 * nothing). A process that merely has the id of one that ended is never touched.
 */
export const endTree = ({ find, graceMs }: EndTree): Effect.Effect<readonly ProcessIdentity[]> =>
  Effect.gen(function* () {
    const found = yield* find
    if (found.length === 0) return []
    yield* signal(found, "SIGTERM")
    let left = yield* untilGone(find, graceMs)
    const end = (yield* Clock.currentTimeMillis) + killMs
    while (left.length > 0 && (yield* Clock.currentTimeMillis) < end) {
      yield* signal(left, "SIGKILL")
      yield* Effect.sleep(pauseMs)
      left = yield* find
    }
    return left
  })
