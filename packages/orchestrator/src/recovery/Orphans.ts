/** Processes that an earlier run of a server on this log started, and that outlived it. */
import { Engine } from "@threadfold/engine"
import { endTree, type MarkedProcess, markedProcesses } from "@threadfold/providers"
import { Context, Effect, Layer } from "effect"
import { connectionMark, logMark, serverMark } from "../connections/Connections.js"
import { Incarnation } from "../Ids.js"

/** How long they may take to end by themselves, ms. */
const GRACE_MS = 1_000

/** What became of them. */
export interface EndedOrphans {
  /** Processes that were ended. */
  readonly ended: number
  /** Processes that could not be ended. */
  readonly left: number
  /** The connections that those still serve. */
  readonly connectionIds: ReadonlySet<string>
}

/** A run of the server. */
export interface ServerRun {
  readonly logId: string
  readonly incarnation: string
}

/** Ends the processes of other runs than this one. What cannot be ended still serves its sessions. */
export const endOrphans = ({ incarnation, logId }: ServerRun): Effect.Effect<EndedOrphans> =>
  Effect.gen(function* () {
    const find = Effect.map(markedProcesses(logMark, logId), (all): readonly MarkedProcess[] =>
      all.filter(({ marks }) => marks[serverMark] !== incarnation),
    )
    const before = yield* find
    if (before.length === 0) return { ended: 0, left: 0, connectionIds: new Set() }
    const { length: left } = yield* endTree({ find, graceMs: GRACE_MS })
    const remaining = left === 0 ? [] : yield* find
    const connectionIds = new Set(remaining.flatMap(({ marks }) => marks[connectionMark] ?? []))
    return { ended: before.length - left, left, connectionIds }
  })

export interface OrphansService {
  /** Ends those that run now. */
  readonly end: Effect.Effect<EndedOrphans>
}

export class Orphans extends Context.Tag("@threadfold/orchestrator/Orphans")<Orphans, OrphansService>() {
  static readonly layer: Layer.Layer<Orphans, never, Engine | Incarnation> = Layer.effect(
    Orphans,
    Effect.map(Effect.all([Engine, Incarnation]), ([{ log }, incarnation]) => ({
      end: endOrphans({ logId: log.logId, incarnation }),
    })),
  )
}
