/** Processes that an earlier run of a server on this log started, and that outlived it. */
import { endTree, type MarkedProcess, markedProcesses } from "@threadfold/providers"
import { Effect } from "effect"
import type { Workshop } from "./lanes/Workshop.js"
import { connectionMark, logMark, serverMark } from "./live/Connections.js"

/** How long they may take to end by themselves, ms. */
const GRACE_MS = 1_000

/** Those that run now. */
const orphans = ({ engine, incarnation }: Pick<Workshop, "engine" | "incarnation">) =>
  Effect.map(markedProcesses(logMark, engine.log.logId), (all): readonly MarkedProcess[] =>
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
export const endOrphans = (shop: Pick<Workshop, "engine" | "incarnation">): Effect.Effect<Orphans> =>
  Effect.gen(function* () {
    const find = orphans(shop)
    const before = yield* find
    if (before.length === 0) return { ended: 0, left: 0, connectionIds: new Set() }
    const { length: left } = yield* endTree({ find, graceMs: GRACE_MS })
    const remaining = left === 0 ? [] : yield* find
    const connectionIds = new Set(remaining.flatMap(({ marks }) => marks[connectionMark] ?? []))
    return { ended: before.length - left, left, connectionIds }
  })
