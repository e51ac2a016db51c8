/** Ends processes that are known by identity: SIGTERM first, SIGKILL after a grace period. */
import { Clock, Effect } from "effect"
import { type ProcessIdentity, stillRunning } from "./ProcessTable.js"

export interface EndTree {
  /** Finds the processes to end. It runs before each step, so that processes which they start meanwhile end, too. */
  readonly find: Effect.Effect<readonly ProcessIdentity[]>
  /** How long they may take to end by themselves after SIGTERM, ms. */
  readonly graceMs: number
}

/** How long a process may take to end after SIGKILL, ms. Only a process that hangs in the kernel takes longer. */
const killMs = 5_000
const pauseMs = 10

/** Signals the processes that still run, never our own. */
const signal = (processes: readonly ProcessIdentity[], name: NodeJS.Signals): Effect.Effect<void> =>
  Effect.map(stillRunning(processes), (running) => {
    for (const { pid } of running) {
      if (pid === process.pid) continue
      try {
        process.kill(pid, name)
      } catch {
        // It has just ended, or belongs to another user.
      }
    }
  })

/** Waits until no process is left, for `ms` at most. Returns those that are left. */
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
 * Sends SIGTERM to all, then SIGKILL to those that are left after the grace period. Returns the processes that could not be
 * ended (normally none). A process that merely has the id of an ended one is never signalled.
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
