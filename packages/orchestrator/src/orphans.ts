/** Processes that an earlier run of a server on this log started, and that outlived it. */
import { endTree, type MarkedProcess, markedProcesses } from "@threadfold/providers"
import { Effect } from "effect"
import { connectionMark, logMark, serverMark } from "./live/Connections.js"

/** How long they may take to end by themselves, ms. */
const GRACE_MS = 1_000

/** This run of the server. */
export interface ThisRun {
  readonly logId: string
  readonly incarnation: string
}

/** Those that run now. */
const orphans = ({ incarnation, logId }: ThisRun) =>
  Effect.map(markedProcesses(logMark, logId), (all): readonly MarkedProcess[] =>
    all.filter(({ marks }) => marks[serverMark] !== incarnation),
  )

/** What became of them. */
export interface Orphans {
  /** Processes that were ended. */
  readonly ended: number
  /** Processes that could not be ended. */
  readonly left: number
  /** The connections that those still serve. */
  readonly connectionIds: ReadonlySet<string>
}

/** Ends them; what cannot be ended still serves its sessions. */
export const endOrphans = (run: ThisRun): Effect.Effect<Orphans> =>
  Effect.gen(function* () {
    const find = orphans(run)
    const before = yield* find
    if (before.length === 0) return { ended: 0, left: 0, connectionIds: new Set() }
    const { length: left } = yield* endTree({ find, graceMs: GRACE_MS })
    const remaining = left === 0 ? [] : yield* find
    const connectionIds = new Set(remaining.flatMap(({ marks }) => marks[connectionMark] ?? []))
    return { ended: before.length - left, left, connectionIds }
  })
